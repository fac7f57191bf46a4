"""A hook of schemathesis: every request is signed with the key of SWR_AK and SWR_SK."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import schemathesis  # noqa: E402
from swr_sign import Signed  # noqa: E402

schemathesis.auth.set_from_requests(Signed(os.environ["SWR_AK"], os.environ["SWR_SK"]))
