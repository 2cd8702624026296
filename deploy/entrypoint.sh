#!/bin/sh
# Prepares the data directory when there is none yet, and becomes the daemon, so that it is told when to stop.
set -eu
program="${WAIAAS_PROGRAM:-/opt/waiaas/bin/waiaas.mjs}"
# A volume exists before anything is in it: what makes a data directory is its config.toml.
if [ ! -e "$WAIAAS_DATA_DIR/config.toml" ]; then
  node "$program" init --non-interactive
fi
exec node "$program" start "$@"
