# Shared by the scripts beside it; source it from the project's folder.
TOOLS=${ROADSTEAD_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/roadstead/tools}
export PATH=$TOOLS/bin:$PATH:/usr/sbin:/sbin
mkdir -p "$TOOLS/bin"

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
die() { say "$*"; exit 1; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# apt_install PACKAGE...: nothing to do without packages; services that a package starts by itself stay stopped.
apt_install() {
  [ "$#" -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "please install: $*"
  say "apt-get install $*"
  local log; log=$(mktemp)
  # policy-rc.d keeps PostgreSQL and Docker from starting system-wide: the tests start private ones.
  local guard=/usr/sbin/policy-rc.d guarded=
  if [ ! -e "$guard" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$guard" >/dev/null && as_root chmod +x "$guard" && guarded=1
  fi
  local ok=
  if as_root apt-get update >"$log" 2>&1 \
    && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >>"$log" 2>&1; then ok=1; fi
  [ -z "$guarded" ] || as_root rm -f "$guard"
  [ -n "$ok" ] || { tail -30 "$log" >&2; die "apt-get could not install $*"; }
  rm -f "$log"
}

# tool_install CRATE ARGS...: a build tool into the cache outside the clone, so that later clones find it.
# LTO and the last bit of optimisation cost more time than these tools ever save.
tool_install() {
  CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_TARGET_DIR=$TOOLS/build cargo install --quiet --root "$TOOLS" "$@" >&2
  rm -rf "$TOOLS/build"
}

# put NEW PLACE: replaces a file only when it differs, so that what was built from it is not built again.
put() { cmp -s "$1" "$2" 2>/dev/null || install -D -m 0644 "$1" "$2"; }
