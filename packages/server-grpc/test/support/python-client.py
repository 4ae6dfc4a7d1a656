"""What a client made elsewhere sees: grpcio and protobuf, with messages built from the descriptors alone.

Arguments: address, token, file with a FileDescriptorSet. Prints one JSON object, a key for each case.
"""

import json
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ADDRESS, TOKEN, DESCRIPTORS = sys.argv[1:]
SERVICE = "execgo.v1.ExecGo"
METADATA = [("authorization", "Bearer " + TOKEN)]
TIMEOUT = 20

pool = descriptor_pool.DescriptorPool()
with open(DESCRIPTORS, "rb") as file:
    for proto in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        pool.AddSerializedFile(proto.SerializeToString())


def message_class(descriptor):
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


channel = grpc.insecure_channel(ADDRESS)


def call(service, method, request=None, stream=False, metadata=METADATA, timeout=TIMEOUT):
    descriptor = pool.FindServiceByName(service).FindMethodByName(method)
    make = channel.unary_stream if stream else channel.unary_unary
    stub = make(
        "/%s/%s" % (service, method),
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=message_class(descriptor.output_type).FromString,
    )
    message = message_class(descriptor.input_type)(**(request or {}))
    return stub(message, metadata=metadata, timeout=timeout)


def refusal(action):
    try:
        action()
    except grpc.RpcError as error:
        trailers = dict(error.trailing_metadata())
        return {"status": error.code().name, "text": error.details(), "code": trailers.get("code")}
    return {"status": "OK"}


cases = {}
task_class = message_class(pool.FindMessageTypeByName("execgo.v1.Task"))
tasks = [
    task_class(id="py-a", type="os", params_json='{"n": 1}', annotations={"by": "python"}, priority=-3),
    task_class(id="py-b", type="os", depends_on=["py-a"]),
]
submitted = call(SERVICE, "SubmitTasks", {"tasks": tasks}, metadata=METADATA + [("idempotency-key", "py")])
cases["accepted"] = [submitted.accepted, list(submitted.task_ids)]


def read(after, until):
    """Events after a place until one matches; then the stream is cut."""
    stream = call(SERVICE, "WatchTasks", {"after": after, "graph_id": submitted.graph_id}, stream=True)
    events = []
    for event in stream:
        events.append(event)
        if until(event):
            break
    stream.cancel()
    return [event.seq for event in events]


def is_end(event):
    return event.type == "task_succeeded" and event.task_id == "py-b"


whole = read(0, is_end)
cases["whole"] = whole
cases["resumed"] = []
for cut in whole[:-1]:
    cases["resumed"].append(read(0, lambda event: event.seq == cut) + read(cut, is_end))

task = call(SERVICE, "GetTask", {"id": "py-a"}).task
cases["task"] = [task.status, task.params_json, dict(task.annotations), task.priority, task.created_at_unix_ms > 10**12]
cases["listed"] = [task.id for task in call(SERVICE, "ListTasks", {"graph_id": submitted.graph_id}).tasks]
cases["metrics"] = dict(call(SERVICE, "Metrics").by_type)
cases["health"] = call("grpc.health.v1.Health", "Check", metadata=None).status
cases["deadline"] = refusal(lambda: list(call(SERVICE, "WatchTasks", stream=True, timeout=0.2)))
bad = [("authorization", "Bearer wrong")]
cases["badToken"] = refusal(lambda: call(SERVICE, "GetTask", {"id": "py-a"}, metadata=bad))
cases["badTokenStream"] = refusal(lambda: list(call(SERVICE, "WatchTasks", stream=True, metadata=bad)))
cases["missing"] = refusal(lambda: call(SERVICE, "GetTask", {"id": "ghost"}))
large = task_class(id="large", type="os", params_json='"%s"' % ("x" * 100_000))
cases["oversize"] = refusal(lambda: call(SERVICE, "SubmitTasks", {"tasks": [large]}))
cases["missingAfterOversize"] = refusal(lambda: call(SERVICE, "GetTask", {"id": "large"}))
json.dump(cases, sys.stdout)
