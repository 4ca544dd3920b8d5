#!/bin/sh
# Mounts a bucket as a file system, runs a command in it and unmounts: each is a run of its own, so that whatever s3fs keeps
# in memory has to come back from the server.
# Usage: S3FS=<s3fs and its options> S3FS_BUCKET=<name> S3FS_MOUNT=<empty directory> with-s3fs.sh <command> [<argument>…]
# shellcheck disable=SC2086 # The options are words.
$S3FS "$S3FS_BUCKET" "$S3FS_MOUNT" -f > "$S3FS_MOUNT.log" 2>&1 &
server=$!
for _ in $(seq 300); do
  mountpoint -q "$S3FS_MOUNT" && break
  kill -0 $server 2> /dev/null || break
  sleep 0.1
done
if ! mountpoint -q "$S3FS_MOUNT"; then
  kill $server 2> /dev/null
  cat "$S3FS_MOUNT.log" >&2
  exit 1
fi
"$@"
code=$?
umount "$S3FS_MOUNT" && wait $server || code=1
[ $code = 0 ] || cat "$S3FS_MOUNT.log" >&2
exit $code
