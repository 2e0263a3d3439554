"""Logs Schemathesis in, as a mini-program would: with codes from WeChat's emulator."""

import itertools
import json
import os
import urllib.request

import schemathesis

SERVER = os.environ["QUEQIAO_SERVER"]
EMULATOR = os.environ["QUEQIAO_EMULATOR"]
# The one with every role; see contract/api.mjs.
USER = os.environ["QUEQIAO_USER"]


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def login_code(user):
    return post(f"{EMULATOR}/emulator/login-codes", {"user": user})["code"]


class Login:
    user = USER

    def get(self, case, context):
        return post(f"{SERVER}/auth/login", {"code": login_code(self.user)})["token"]

    def set(self, case, token, context):
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.auth().skip_for(operation_id=["login", "logout"])
class Stays(Login):
    """One session for all calls; a new one should it end (401)."""


@schemathesis.auth(refresh_interval=None).apply_to(operation_id="logout")
class Leaves(Login):
    """A session for each log-out, of a user of its own: `everywhere` would end those of the others."""

    user = "leaving"


good_codes = itertools.cycle([True, False])


@schemathesis.hook
def before_call(context, case, kwargs):
    """Every second code is one that WeChat gave: no generator finds those."""
    is_login = case.operation.definition.raw.get("operationId") == "login" and case.method == "POST"
    if is_login and case.meta is not None and case.meta.generation.mode.is_positive and next(good_codes):
        case.body = {**case.body, "code": login_code("arriving")}
