#!/usr/bin/env bash
# What a newcomer does on a fresh machine: clone, "npm ci && npm start", "npm ci && npm test", as an ordinary user with
# an empty home and a PATH of Node 20 and coreutils only; once more as root when root runs this script.
#
#   scripts/fresh.sh           both commands
#   scripts/fresh.sh --start   without "npm test", which takes about nine minutes a user
#
# The commit that is checked out is what is cloned. Prints the time from "npm start" to the first answer: at most 3 s the
# first time, 1 s after a clean stop, 2 s after kill -9; FRESH_SLOWER=3 allows three times as much on a busy machine.
set -euo pipefail

with_tests=true
[ "${1:-}" = --start ] && with_tests=false
slower=${FRESH_SLOWER:-1}
checkout=$(cd "$(dirname "$0")/.." && pwd)
node=$(readlink -f "${FRESH_NODE:-$(command -v node)}")
npm=$(readlink -f "${FRESH_NPM:-$(command -v npm)}")
work=$(mktemp -d)
chmod 755 "$work"
user=''
failed=0

clean_up() {
  [ -n "$user" ] && { pkill -KILL -u "$user" 2>/dev/null || true; userdel "$user" 2>/dev/null || true; }
  rm -rf "$work"
}
trap clean_up EXIT

say() { printf '\n== %s\n' "$*"; }
fault() {
  printf 'FAILED: %s\n' "$*"
  failed=$((failed + 1))
}

# A folder of links: node and npm, the shell that npm runs scripts with, and coreutils.
make_path() {
  mkdir "$work/bin"
  ln -s "$node" "$work/bin/node"
  printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$work/bin/node" "$npm" >"$work/bin/npm"
  chmod 755 "$work/bin/npm"
  local name
  for name in sh [ b2sum base32 base64 basename cat chmod chown chgrp comm cp csplit cut date dd df dirname du echo env \
    expand expr factor false fmt fold groups head hostid id install join link ln logname ls md5sum mkdir mkfifo mknod \
    mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printenv printf ptx pwd readlink realpath rm rmdir seq \
    sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tee \
    test timeout touch tr true truncate tsort tty uname unexpand uniq unlink users vdir wc who whoami yes; do
    if [ -x "/usr/bin/$name" ]; then ln -s "/usr/bin/$name" "$work/bin/$name"
    elif [ -x "/bin/$name" ]; then ln -s "/bin/$name" "$work/bin/$name"; fi
  done
}

# What the machine itself needs to reach the registry; nothing else of the environment is handed on.
reach=()
for name in HTTPS_PROXY HTTP_PROXY NO_PROXY https_proxy http_proxy no_proxy NODE_EXTRA_CA_CERTS npm_config_registry; do
  [ -n "${!name:-}" ] && reach+=("$name=${!name}")
done

# as <user or ''> <home> <command…>: runs it with an empty environment.
as() {
  local who=$1 home=$2
  shift 2
  local prefix=()
  [ -n "$who" ] && prefix=(setpriv --reuid "$who" --regid "$who" --init-groups)
  "${prefix[@]}" env -i "PATH=$work/bin" "HOME=$home" LANG=C.UTF-8 "${reach[@]}" "$@"
}

free_port() {
  "$node" -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })'
}

now() { date +%s%N; }

# Asks until the answer is 200; fails after a minute.
first_answer() {
  "$node" -e '
    const [, url] = process.argv
    const until = Date.now() + 60_000
    const ask = () => fetch(url).then((answer) => answer.ok || Promise.reject()).then(() => process.exit(0), () =>
      Date.now() > until ? process.exit(1) : setTimeout(ask, 10))
    ask()' "$1"
}

# start_once <user> <home> <dir> <limit in ms> <signal>: npm start, the first answer, and the end by that signal.
start_once() {
  local who=$1 home=$2 dir=$3 limit=$(($4 * slower)) signal=$5 port management begun took pid launched
  port=$(free_port)
  management=$(free_port)
  begun=$(now)
  (cd "$dir" && as "$who" "$home" "PORT=$port" "SIGNET_MANAGEMENT_PORT=$management" npm start >"$work/log" 2>&1) &
  launched=$!
  if ! first_answer "http://localhost:$port/"; then
    fault "npm start did not answer"
    cat "$work/log"
    kill "$launched" 2>/dev/null || true
    return
  fi
  took=$((($(now) - begun) / 1000000))
  printf 'first answer after %s ms (at most %s), then SIG%s\n' "$took" "$limit" "$signal"
  [ "$took" -le "$limit" ] || fault "the first answer took $took ms and may take $limit ms"
  # The answer may be there before the log line is.
  for _ in $(seq 50); do
    pid=$(sed -n 's/.*"pid":\([0-9]*\),.*"msg":"ready".*/\1/p' "$work/log" | tail -n 1)
    [ -n "$pid" ] && break
    sleep 0.1
  done
  [ -n "$pid" ] || { fault 'the log has no line "ready" with a process id'; cat "$work/log"; kill "$launched"; return; }
  kill "-$signal" "$pid"
  if wait "$launched"; then
    [ "$signal" = TERM ] || fault "npm start ended well after SIG$signal"
  elif [ "$signal" = TERM ]; then
    fault "npm start ended with a failure after SIGTERM"
    cat "$work/log"
  fi
}

# fresh <user or ''> <label>
fresh() {
  local who=$1 label=$2 home=$work/home-$2 dir=$work/$2/signet
  mkdir -p "$home" "$work/$label"
  git -c advice.detachedHead=false clone --quiet --no-local "$checkout" "$dir"
  [ -z "$who" ] || chown -R "$who" "$home" "$work/$label"

  say "$label: npm ci"
  (cd "$dir" && as "$who" "$home" npm ci --loglevel=error) || { fault "$label: npm ci"; return; }
  # Outside npm the launcher finds the Node that came with the packages by itself.
  [ "$(cd "$dir" && as "$who" "$home" node bin/signet.js --version)" = "$("$node" -p "require('$dir/package.json').version")" ] ||
    fault "$label: node bin/signet.js"
  say "$label: npm start"
  start_once "$who" "$home" "$dir" 3000 TERM
  start_once "$who" "$home" "$dir" 1000 KILL
  start_once "$who" "$home" "$dir" 2000 TERM
  if $with_tests; then
    say "$label: npm ci && npm test"
    (cd "$dir" && as "$who" "$home" sh -c 'npm ci --loglevel=error && npm test') || fault "$label: npm test"
  fi
}

make_path
printf 'Node %s and npm %s\n' "$("$node" --version)" "$(as '' "$work" npm --version)"
if [ "$(id -u)" = 0 ]; then
  user=signet-fresh-$$
  useradd --system --user-group --no-create-home --shell /bin/sh "$user"
  fresh "$user" ordinary-user
  fresh '' root
else
  fresh '' ordinary-user
fi

say "$([ "$failed" = 0 ] && echo 'all is well' || echo "$failed failed")"
[ "$failed" = 0 ]
