"""What a random request needs to get beyond the first check: the time of now, ids that exist, and a
token of a role that may call. A part of the requests goes without, for that must be answered too."""

import datetime
import json
import os
import random
import re

import schemathesis

TOKENS = json.loads(os.environ["FUZZ_TOKENS"])
PRIDS = json.loads(os.environ["FUZZ_PRIDS"])
CENTER = os.environ["FUZZ_CENTER"]
ROLES = re.compile(r"Roles: ([A-Z_, ]+)\.")


def now():
    stamp = datetime.datetime.now(datetime.timezone.utc)
    return stamp.strftime("%Y-%m-%dT%H:%M:%S.") + f"{stamp.microsecond // 1000:03}Z"


def often():
    return random.random() < 0.8


def filled(name, value):
    """Puts in ids that exist for those that were made up."""
    key = name.lower().replace("_", "")
    if isinstance(value, dict):
        return {k: filled(k, v) for k, v in value.items()}
    if isinstance(value, list):
        return [filled(name, v) for v in value]
    if not isinstance(value, str) or not often():
        return value
    if key in ("prid", "preregistrationid", "preregistrationids", "applicationid", "sourcepreid"):
        return random.choice(PRIDS)
    if "center" in key and key.endswith("id"):
        return CENTER
    if key == "counterid":
        return "1"
    if key == "langcode":
        return random.choice(["eng", "fra", "ara"])
    if key in ("fromdate", "todate", "appointmentdate", "appointmenttodate"):
        day = datetime.date.today() + datetime.timedelta(days=random.randrange(-3, 30))
        return day.isoformat()
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    if isinstance(case.body, dict):
        if "requesttime" in case.body and often():
            case.body["requesttime"] = now()
        for name, part in list(case.body.items()):
            if name == "request" or isinstance(part, (dict, list)):
                case.body[name] = filled(name, part)
            if isinstance(part, dict) and "requesttime" in part and often():
                case.body[name]["requesttime"] = now()
    if isinstance(case.path_parameters, dict):
        for name, value in case.path_parameters.items():
            case.path_parameters[name] = filled(name, value)
    if isinstance(case.query, dict):
        for name, value in list(case.query.items()):
            case.query[name] = filled(name, value)


@schemathesis.auth(refresh_interval=None)
class Token:
    """A token of a role that may call, and now and then of another."""

    def get(self, case, context):
        said = context.operation.definition.raw.get("description", "")
        roles = ROLES.search(said)
        if roles and random.random() < 0.95:
            names = [name for name in roles.group(1).split(", ") if name in TOKENS]
        else:
            names = list(TOKENS)
        return TOKENS[random.choice(names or list(TOKENS))]

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"
