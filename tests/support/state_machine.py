"""Runs a state machine in moto's interpreter, each Lambda invocation by a program of the test.

stdin: {"definition": path, "input", "program": [argv], "environment": {}, "refusals": {region: [kind]}, "beside": input}
stdout: {"status", "error", "cause", "output", "objects": {key: text}, "invocations": [args], "runs": [name], "beside"}

With "beside", another execution with that input runs until the first has ended.

Where moto differs from Step Functions, and it matters here, a comment says so.
"""

import http.server
import json
import os
import subprocess
import sys
import threading
import time
import uuid

import boto3
import moto.awslambda_simple.models as simple
from moto import mock_aws
from moto.core.exceptions import JsonRESTError
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)

REGION = "us-east-1"
asked = json.load(sys.stdin)
BUCKET = "results"
invocations, runs, refusals, alone = [], [], asked["refusals"], threading.Lock()
begun, over = threading.Event(), threading.Event()


class TooMany(JsonRESTError):
    code = 429

    def __init__(self):
        super().__init__("TooManyRequestsException", "Rate Exceeded.")


class Broken(JsonRESTError):
    code = 502

    def __init__(self):
        super().__init__("ServiceException", "An error occurred.")


REFUSALS = {"TooManyRequestsException": TooMany, "ServiceException": Broken}


def serve(event):
    """One invocation by the program, through a runtime API of its own: its answer, and whether it is an error."""
    ended, told = threading.Event(), {}
    identity = str(uuid.uuid4())

    class Runtime(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        given = False

        def answer(self, code, body=b"", headers=()):
            self.send_response(code)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            if Runtime.given:
                # Lambda freezes the program here.
                time.sleep(600)
            Runtime.given = True
            deadline = str(int((time.time() + 900) * 1000))
            arn = "arn:aws:lambda:us-east-1:111111111111:function:fleet"
            self.answer(200, json.dumps(event).encode(), [
                ("Content-Type", "application/json"),
                ("Lambda-Runtime-Aws-Request-Id", identity),
                ("Lambda-Runtime-Deadline-Ms", deadline),
                ("Lambda-Runtime-Invoked-Function-Arn", arn),
            ])

        def do_POST(self):
            told["body"] = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told["failed"] = not self.path.endswith(f"/{identity}/response")
            self.answer(202, b"{}")
            ended.set()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Runtime)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {**asked["environment"], "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}"}
    # Both of its streams are the log.
    program = subprocess.Popen(asked["program"], env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    try:
        deadline = time.time() + 120
        while not ended.wait(0.05):
            if program.poll() is not None and not ended.wait(1):
                return {"errorType": "Runtime.ExitError", "errorMessage": f"exit {program.returncode}"}, True
            if time.time() > deadline:
                raise RuntimeError("no answer")
    finally:
        program.kill()
        program.wait()
        server.shutdown()
    return json.loads(told["body"]), told["failed"]


def invoke(self, function_name, qualifier, body, headers, response_headers):
    event = json.loads(body)
    region = event["args"][-1]
    with alone:
        invocations.append(event["args"])
        runs.append(event["run"])
        kinds = refusals.get(region, [])
        kind = kinds.pop(0) if kinds else None
    begun.set()
    if kind == "Held":
        over.wait(120)
    if kind in REFUSALS:
        raise REFUSALS[kind]()
    if kind == "Timeout":
        answer = {"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 900.00 seconds"}
        failed = True
    else:
        answer, failed = serve(event)
    if failed:
        response_headers["x-amz-function-error"] = "Unhandled"
    return json.dumps(answer).encode()


simple.LambdaSimpleBackend.invoke = invoke


def normalise(self, parameters, *_, **__):
    """Step Functions writes a Body as JSON, and moto hands it to boto as it is."""
    if "Body" in parameters:
        parameters["Body"] = json.dumps(parameters["Body"]).encode()
    if self.resource.api_name == "sfn":
        renamed(parameters, str.lower)


def normalise_answer(self, response, *_, **__):
    if self.resource.api_name == "sfn":
        for row in response["executions"]:
            # A time has no form yet in moto.
            row.pop("startDate"), row.pop("stopDate", None)
            renamed(row, str.upper)
        renamed(response, str.upper)


def renamed(fields, case):
    """Step Functions writes all names with a capital, and boto those of this service without."""
    for name in list(fields):
        value = fields.pop(name)
        fields[case(name[0]) + name[1:]] = value


StateTaskServiceAwsSdk._normalise_parameters = normalise
StateTaskServiceAwsSdk._normalise_response = normalise_answer

definition = open(asked["definition"]).read()
for name, value in {"Function": "fleet", "Bucket": BUCKET}.items():
    definition = definition.replace("${" + name + "}", value)
machine = json.loads(definition)
for state in machine["States"].values():
    # moto takes it with a point only, and does not use it.
    if "ToleratedFailurePercentage" in state:
        state["ToleratedFailurePercentage"] = float(state["ToleratedFailurePercentage"])
    # The test does not wait longer than it must.
    for inner in state.get("ItemProcessor", {}).get("States", {}).values():
        for retry in inner.get("Retry", []):
            retry["IntervalSeconds"] = 1

config = {"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}
os.environ.update(AWS_ACCESS_KEY_ID="AKIAMOTO", AWS_SECRET_ACCESS_KEY="secret", AWS_DEFAULT_REGION=REGION)
# The interpreter's own clients must not try again what the definition decides on.
os.environ.update(AWS_MAX_ATTEMPTS="1")
with mock_aws(config=config):
    role = "arn:aws:iam::123456789012:role/fleet"
    boto3.client("iam").create_role(RoleName="fleet", AssumeRolePolicyDocument="{}")
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    boto3.client("lambda").create_function(
        FunctionName="fleet", Runtime="provided.al2023", Role=role, Handler="bootstrap", Code={"ZipFile": b"x"}
    )
    states = boto3.client("stepfunctions")
    arn = states.create_state_machine(name="fleet", definition=json.dumps(machine), roleArn=role)["stateMachineArn"]


    def start(name, given):
        return states.start_execution(stateMachineArn=arn, name=name, input=json.dumps(given))["executionArn"]

    def end_of(run):
        deadline = time.time() + 180
        while (seen := states.describe_execution(executionArn=run))["status"] == "RUNNING":
            assert time.time() < deadline, "the state machine does not end"
            time.sleep(0.1)
        return seen

    other = asked.get("beside") and start("run-0", asked["beside"])
    assert not other or begun.wait(60)
    seen = end_of(start("run-1", asked["input"]))
    over.set()
    beside = other and end_of(other)["status"]
    s3 = boto3.client("s3")
    objects = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    objects = {o["Key"]: s3.get_object(Bucket=BUCKET, Key=o["Key"])["Body"].read().decode() for o in objects}
json.dump(
    {
        "status": seen["status"],
        "error": seen.get("error"),
        "cause": seen.get("cause"),
        "output": seen.get("output"),
        "objects": objects,
        "invocations": invocations,
        "runs": runs,
        "beside": beside,
    },
    sys.stdout,
)
