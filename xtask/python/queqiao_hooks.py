"""Logs Schemathesis in, as a mini-program would: with codes from WeChat's emulator."""

import itertools
import json
import os
import urllib.error
import urllib.parse
import urllib.request

import requests
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


def takes_cursor(case):
    parameters = case.operation.definition.raw.get("parameters", [])
    return any(parameter.get("schema", {}).get("format") == "cursor" for parameter in parameters)


def cursor_of(case):
    """The cursor behind the first row of the very list that is asked for, if it has more."""
    request = case.as_transport_kwargs()
    url = request["url"].split("?")[0]
    parameters = urllib.parse.parse_qsl(query_of(request), keep_blank_values=True)
    parameters = [(name, value) for name, value in parameters if name not in ("cursor", "limit")]
    url = f"{url}?{urllib.parse.urlencode([*parameters, ('limit', 1)])}"
    request = urllib.request.Request(url, headers={"Authorization": case.headers.get("Authorization", "")})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["next"]
    except urllib.error.HTTPError:
        return None


def query_of(request):
    prepared = requests.Request("GET", request["url"], params=request.get("params")).prepare()
    return urllib.parse.urlsplit(prepared.url).query


@schemathesis.hook
def before_call(context, case, kwargs):
    """What no generator finds: every second code is one that WeChat gave, every cursor one that the server gave, and every
    condition one that holds."""
    is_positive = case.meta is not None and case.meta.generation.mode.is_positive
    if is_positive and case.query and "cursor" in case.query and takes_cursor(case):
        query = {name: value for name, value in case.query.items() if name != "cursor"}
        cursor = cursor_of(case)
        case.query = {**query, "cursor": cursor} if cursor else query
    if is_positive and case.headers and "If-Match" in case.headers:
        case.headers["If-Match"] = "*"
    is_login = case.operation.definition.raw.get("operationId") == "login" and case.method == "POST"
    if is_login and case.meta is not None and case.meta.generation.mode.is_positive and next(good_codes):
        case.body = {**case.body, "code": login_code("arriving")}
