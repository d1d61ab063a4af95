#!/usr/bin/env bash
# A folder of photos through Semantic Paint, several at a time, with the command line under GNU parallel.
#
#   folder-parallel.sh PHOTOS RESULTS [OPTION...]      such as: --concept tree --strength medium --steps 500
#
# Takes every NAME.png, NAME.jpg, NAME.jpeg or NAME.tif that has strokes in NAME-strokes.png beside it, and writes
# RESULTS/NAME.png. An edit is one process that shares nothing with others, so this is all that a machine with many
# cores needs; on many machines give parallel's --sshlogin, or see folder-slurm.sh. JOBS (default 2) edits run at a
# time, each with its share of the cores. Begun again it goes on with what is missing (--resume-failed); the exit
# status is the number of photos that failed.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
photos=$1 results=$2
shift 2
jobs=${JOBS:-2}
threads=$((($(nproc) + jobs - 1) / jobs))
mkdir -p "$results"

for strokes in "$photos"/*-strokes.png; do
  stem=${strokes%-strokes.png}
  for photo in "$stem".png "$stem".jpg "$stem".jpeg "$stem".tif; do
    if [ -e "$photo" ]; then
      printf '%s\t%s\t%s\n' "$photo" "$strokes" "$results/$(basename "$stem").png"
    fi
  done
done | parallel --colsep '\t' --jobs "$jobs" --joblog "$results/joblog" --resume-failed \
  "${SEMANTIC_PAINT:-semantic-paint}" edit {1} --strokes {2} -o {3} --threads "$threads" -q "$@"
