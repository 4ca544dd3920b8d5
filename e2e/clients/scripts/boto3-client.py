"""boto3 with a command line: every setting comes from the environment, nothing else is configured."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3

s3 = boto3.client("s3")


def files_below(directory):
    for root, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(root, name)
            yield path, os.path.relpath(path, directory)


def keys(bucket, prefix):
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            yield item["Key"]


def sync_up(bucket, prefix, directory):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda f: s3.upload_file(f[0], bucket, prefix + f[1]), files_below(directory)))


def sync_down(bucket, prefix, directory):
    def fetch(key):
        path = os.path.join(directory, key[len(prefix):])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        s3.download_file(bucket, key, path)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fetch, keys(bucket, prefix)))


def remove_all(bucket, prefix):
    found = list(keys(bucket, prefix))
    for start in range(0, len(found), 1000):
        batch = [{"Key": key} for key in found[start:start + 1000]]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch})
        if answer.get("Errors"):
            sys.exit(str(answer["Errors"]))


def presign(method, bucket, key):
    print(s3.generate_presigned_url(method, Params={"Bucket": bucket, "Key": key}, ExpiresIn=600))


ACTIONS = {
    "version": lambda: print(boto3.__version__),
    "make-bucket": lambda bucket: s3.create_bucket(Bucket=bucket),
    "upload": lambda bucket, key, file: s3.upload_file(file, bucket, key),
    "download": lambda bucket, key, file: s3.download_file(bucket, key, file),
    "sync-up": sync_up,
    "sync-down": sync_down,
    "list": lambda bucket, prefix: print("\n".join(keys(bucket, prefix))),
    "remove": lambda bucket, key: s3.delete_object(Bucket=bucket, Key=key),
    "remove-all": remove_all,
    "remove-bucket": lambda bucket: s3.delete_bucket(Bucket=bucket),
    "presign-get": lambda bucket, key: presign("get_object", bucket, key),
    "presign-put": lambda bucket, key: presign("put_object", bucket, key),
}

ACTIONS[sys.argv[1]](*sys.argv[2:])
