#!/usr/bin/env bash
# scripts/image.sh BINARY TAG [DOCKER-ARG...]: an image FROM scratch around a built binary. The C library comes along as the
# few files that the binary names: a static C library could not look up host names as the machine is configured to.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$1 tag=$2; shift 2
root=target/image/root
rm -rf target/image
mkdir -p "$root"/{data,tmp,etc/ssl/certs}
install -m 0755 "$binary" "$root/roadstead"
strip "$root/roadstead"
# ldd prints `name => /path (address)` and, for the loader, `/path (address)`; the kernel's own object has no path.
ldd "$binary" | awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^\//) print $i }' | sort -u | while read -r library; do
  install -D -m 0755 "$(readlink -f "$library")" "$root$library"
done
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
printf 'roadstead:x:65532:65532:Roadstead:/data:/roadstead\n' >"$root/etc/passwd"
printf 'roadstead:x:65532:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
chmod 1777 "$root/tmp"
# Owners are written into the tar, so that building needs no root: everything is root's but the data.
tar --create --file target/image/root.tar --directory "$root" --owner=0 --group=0 --sort=name --exclude=./data .
tar --append --file target/image/root.tar --directory "$root" --owner=65532 --group=65532 --mode=0700 ./data
rm -rf "$root"
DOCKER_BUILDKIT=0 docker "$@" build --quiet --tag "$tag" .
