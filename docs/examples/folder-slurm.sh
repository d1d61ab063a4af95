#!/usr/bin/env bash
# A folder of photos through Semantic Paint as an array of Slurm jobs: one photo a task.
#
#   ls PHOTOS/*-strokes.png >strokes.txt
#   sbatch --array=1-$(wc -l <strokes.txt) folder-slurm.sh strokes.txt RESULTS --concept tree --strength medium
#
# The photo of NAME-strokes.png is NAME.png or NAME.jpg beside it. An edit is one process that shares nothing with
# others: the folders need only be readable from all machines. What is done already is left as it is, so the same
# array can be given again after a failure. With graphics cards add --gres=gpu:1; the program takes what it finds.
#
#SBATCH --job-name=semantic-paint
#SBATCH --cpus-per-task=8
#SBATCH --mem=4G
#SBATCH --time=00:30:00
#SBATCH --output=semantic-paint-%A-%a.log
set -euo pipefail
list=$1 results=$2
shift 2

strokes=$(sed -n "${SLURM_ARRAY_TASK_ID}p" "$list")
stem=${strokes%-strokes.png}
photo=$stem.jpg
[ -e "$photo" ] || photo=$stem.png
result=$results/$(basename "$stem").png
[ ! -e "$result" ] || exit 0
mkdir -p "$results"
exec "${SEMANTIC_PAINT:-semantic-paint}" edit "$photo" --strokes "$strokes" -o "$result" \
  --threads "${SLURM_CPUS_PER_TASK:-0}" -q "$@"
