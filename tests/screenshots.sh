#!/usr/bin/env bash
# Makes the pictures of docs/screenshots/: the window of `semantic-paint ui` in each of its states, on a display of
# its own.
#     tests/screenshots.sh BUILD/plug-in/cli/semantic-paint
set -euo pipefail
if [ -z "${SP_PRIVATE_DISPLAY:-}" ]; then
  program=$(realpath "$1")
  cd "$(dirname "$0")/.."
  export SP_PRIVATE_DISPLAY=1 GDK_BACKEND=x11 NO_AT_BRIDGE=1 SEMANTIC_PAINT_CACHE=
  exec xvfb-run -a -s "-screen 0 1240x860x24" dbus-run-session -- tests/screenshots.sh "$program"
fi

program=$1
folder=docs/screenshots
work=$(mktemp -d)
trap 'rm -rf "$work"; kill $(jobs -p) 2>/dev/null || true' EXIT
mkdir -p "$folder"
openbox 2>/dev/null &

start() { # options of semantic-paint ui...
  "$program" ui tests/photos/aitzgorri.jpg -o "$work/out.png" "$@" &
  pid=$!
  window=$(xdotool search --sync --onlyvisible --name "Semantic Paint: " | head -1)
  xdotool windowmove "$window" 20 5 windowfocus --sync "$window"
}
shot() { sleep "$2"; import -window "$window" -quality 90 "$folder/$1.jpg"; }
stroke() { # from x y to x y, in the window
  xdotool mousemove --window "$window" "$1" "$2" mousedown 1
  for i in 1 2 3 4 5 6 7 8; do
    xdotool mousemove --window "$window" $(($1 + ($3 - $1) * i / 8)) $(($2 + ($4 - $2) * i / 8))
    sleep 0.05
  done
}
press() { xdotool key --clearmodifiers "$1"; }

seconds=${SP_PREPARING_SECONDS:-40} # until the photo is prepared on this machine

start --concept tree
sleep 2
shot preparing 2
sleep "$seconds"
for x in 350 395; do # three or four cells, what an example is made for
  stroke $x 320 $x 490
  xdotool mouseup 1
done
stroke 440 320 440 490
shot painting 2
xdotool mouseup 1
shot preview 2
press alt+i; xdotool mousemove --window "$window" 600 700
shot split 1
press alt+i
press ctrl+n
press alt+e
stroke 560 420 600 520
xdotool mouseup 1
shot history 3
xdotool mousemove --window "$window" 830 606 click 1 # "What it moves"
sleep 2
xdotool click --repeat 12 --delay 30 5
shot explanation 2
xdotool click --repeat 12 --delay 30 4
sleep 1
xdotool mousemove --window "$window" 830 541 click 1 # where it is when it is open
xdotool mousemove --window "$window" 600 700
press alt+m
shot model-view 1
press alt+m
press ctrl+Return
shot rendering 12
press Escape; sleep 1; press Escape
wait $pid

GTK_THEME=Adwaita:dark start --concept grass
sleep 2
shot dark 3
press Escape
wait $pid

# Hebrew, written from the right: a locale of our own where the system has none, and the translations of BUILD
localedef -i he_IL -f UTF-8 "$work/he_IL.UTF-8" 2>/dev/null || true
LOCPATH=$work LC_ALL=he_IL.UTF-8 LANGUAGE=he SEMANTIC_PAINT_LOCALE=$(dirname "$program")/../../po start --concept grass
sleep 2
shot hebrew 3
press Escape
wait $pid
