"""Makes ceph/s3-tests run fairly: loaded into pytest with -p s3_suite_plugin.

S3_SUITE_EXCLUSIONS  file of tests to leave out, "name | reason" a line
S3_SUITE_SHARD       "2/4": only the tests of the second of four pytest processes
"""

import datetime
import os
import sys
import types

import pytest


def _provide(name, **members):
    """Stands in for a small library of which the suite uses one or two names, where it is not installed."""
    try:
        __import__(name)
    except ImportError:
        module = types.ModuleType(name)
        module.__dict__.update(members)
        sys.modules[name] = module


def _parse_time(text):
    from dateutil import parser

    return parser.isoparse(text)


_provide("munch", Munch=type("Munch", (dict,), {}))
_provide("isodate", parse_datetime=_parse_time)
_provide("pytz", utc=datetime.timezone.utc, UTC=datetime.timezone.utc)


def _trust(authority):
    """The suite asks boto3 for verify=True, which then looks nowhere but into its own list of authorities."""
    import botocore.httpsession

    botocore.httpsession.where = lambda: authority


if "AWS_CA_BUNDLE" in os.environ:
    _trust(os.environ["AWS_CA_BUNDLE"])


def _excluded_names():
    with open(os.environ["S3_SUITE_EXCLUSIONS"], encoding="utf-8") as lines:
        return {line.split("|")[0].strip() for line in lines if line.strip() and not line.startswith("#")}


def pytest_collection_modifyitems(config, items):
    excluded = _excluded_names()
    wanted = [item for item in items if item.name not in excluded]
    unwanted = [item for item in items if item.name in excluded]
    config.hook.pytest_deselected(items=unwanted)
    items[:] = wanted


def pytest_collection_finish(session):
    """After -k and -m have chosen; also takes the sting out of the suite's clean-up."""
    shard, of = (int(number) for number in os.environ.get("S3_SUITE_SHARD", "1/1").split("/"))
    session.items[:] = [item for index, item in enumerate(session.items) if index % of == shard - 1]
    session.testscollected = len(session.items)

    import s3tests.functional as suite

    clean_up = suite.nuke_prefixed_buckets

    def clean_up_as_far_as_possible(prefix, client=None):
        try:
            clean_up(prefix=prefix, client=client)
        except Exception as error:
            # One bucket that cannot be emptied, say for a lock, would fail each test after it.
            print("left behind:", error)

    suite.nuke_prefixed_buckets = clean_up_as_far_as_possible


def pytest_runtest_setup(item):
    """Buckets of a test of its own, so that what another one left behind does not count."""
    import s3tests.functional as suite

    if suite.prefix is not None:
        suite.prefix = suite.choose_bucket_prefix(template="suite-{random}-")


@pytest.fixture(autouse=True)
def _send_what_the_test_says(request, monkeypatch):
    """Over TLS botocore frames a body in chunks with a trailing checksum, and takes Content-Length off: the one test of a
    bad length that rests on it never sends the bad request. Without the checksum it does."""
    if request.node.name == "test_object_create_bad_contentlength_empty":
        monkeypatch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")


def pytest_runtest_logreport(report):
    """A line for whoever waits; pytest's own report goes into a file."""
    if report.when == "call" or report.outcome != "passed":
        if report.when != "teardown" or report.outcome == "failed":
            name = report.nodeid.split("::")[-1]
            print(f"{report.outcome:7} {name} ({report.duration:.1f} s)", file=sys.__stderr__, flush=True)
