from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Attempt(_message.Message):
    __slots__ = ("phase", "task", "number", "token")
    PHASE_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    phase: int
    task: int
    number: int
    token: str
    def __init__(self, phase: _Optional[int] = ..., task: _Optional[int] = ..., number: _Optional[int] = ..., token: _Optional[str] = ...) -> None: ...

class BeginRequest(_message.Message):
    __slots__ = ("attempt",)
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    attempt: Attempt
    def __init__(self, attempt: _Optional[_Union[Attempt, _Mapping]] = ...) -> None: ...

class BeginAnswer(_message.Message):
    __slots__ = ("available",)
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    available: int
    def __init__(self, available: _Optional[int] = ...) -> None: ...

class ChargeItem(_message.Message):
    __slots__ = ("opcode", "type", "count", "totem")
    OPCODE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTEM_FIELD_NUMBER: _ClassVar[int]
    opcode: str
    type: str
    count: int
    totem: int
    def __init__(self, opcode: _Optional[str] = ..., type: _Optional[str] = ..., count: _Optional[int] = ..., totem: _Optional[int] = ...) -> None: ...

class AskRequest(_message.Message):
    __slots__ = ("attempt", "seq", "used", "cost", "busy_ns", "hint", "charge", "items")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    BUSY_NS_FIELD_NUMBER: _ClassVar[int]
    HINT_FIELD_NUMBER: _ClassVar[int]
    CHARGE_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    attempt: Attempt
    seq: int
    used: int
    cost: int
    busy_ns: int
    hint: int
    charge: int
    items: _containers.RepeatedCompositeFieldContainer[ChargeItem]
    def __init__(self, attempt: _Optional[_Union[Attempt, _Mapping]] = ..., seq: _Optional[int] = ..., used: _Optional[int] = ..., cost: _Optional[int] = ..., busy_ns: _Optional[int] = ..., hint: _Optional[int] = ..., charge: _Optional[int] = ..., items: _Optional[_Iterable[_Union[ChargeItem, _Mapping]]] = ...) -> None: ...

class AskAnswer(_message.Message):
    __slots__ = ("held", "stop", "accepted", "wait")
    HELD_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    held: int
    stop: str
    accepted: bool
    wait: bool
    def __init__(self, held: _Optional[int] = ..., stop: _Optional[str] = ..., accepted: bool = ..., wait: bool = ...) -> None: ...

class FinishRequest(_message.Message):
    __slots__ = ("attempt", "report")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    attempt: Attempt
    report: bytes
    def __init__(self, attempt: _Optional[_Union[Attempt, _Mapping]] = ..., report: _Optional[bytes] = ...) -> None: ...

class ConnectRequest(_message.Message):
    __slots__ = ("live",)
    LIVE_FIELD_NUMBER: _ClassVar[int]
    live: _containers.RepeatedCompositeFieldContainer[Attempt]
    def __init__(self, live: _Optional[_Iterable[_Union[Attempt, _Mapping]]] = ...) -> None: ...

class Word(_message.Message):
    __slots__ = ("open", "start", "lost", "make_room", "close", "cancel", "pause", "resume")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    LOST_FIELD_NUMBER: _ClassVar[int]
    MAKE_ROOM_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    open: OpenPhase
    start: Attempt
    lost: Attempt
    make_room: int
    close: int
    cancel: Empty
    pause: Empty
    resume: Empty
    def __init__(self, open: _Optional[_Union[OpenPhase, _Mapping]] = ..., start: _Optional[_Union[Attempt, _Mapping]] = ..., lost: _Optional[_Union[Attempt, _Mapping]] = ..., make_room: _Optional[int] = ..., close: _Optional[int] = ..., cancel: _Optional[_Union[Empty, _Mapping]] = ..., pause: _Optional[_Union[Empty, _Mapping]] = ..., resume: _Optional[_Union[Empty, _Mapping]] = ...) -> None: ...

class OpenPhase(_message.Message):
    __slots__ = ("phase", "tasks")
    PHASE_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    phase: int
    tasks: int
    def __init__(self, phase: _Optional[int] = ..., tasks: _Optional[int] = ...) -> None: ...

class News(_message.Message):
    __slots__ = ("snapshot", "started", "not_started", "task_done", "task_ended", "voided", "dry", "released", "broken", "balance", "lifted")
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    NOT_STARTED_FIELD_NUMBER: _ClassVar[int]
    TASK_DONE_FIELD_NUMBER: _ClassVar[int]
    TASK_ENDED_FIELD_NUMBER: _ClassVar[int]
    VOIDED_FIELD_NUMBER: _ClassVar[int]
    DRY_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    BROKEN_FIELD_NUMBER: _ClassVar[int]
    BALANCE_FIELD_NUMBER: _ClassVar[int]
    LIFTED_FIELD_NUMBER: _ClassVar[int]
    snapshot: bytes
    started: Attempt
    not_started: Attempt
    task_done: TaskOver
    task_ended: TaskOver
    voided: Attempt
    dry: OpenPhase
    released: Released
    broken: Broken
    balance: Balance
    lifted: int
    def __init__(self, snapshot: _Optional[bytes] = ..., started: _Optional[_Union[Attempt, _Mapping]] = ..., not_started: _Optional[_Union[Attempt, _Mapping]] = ..., task_done: _Optional[_Union[TaskOver, _Mapping]] = ..., task_ended: _Optional[_Union[TaskOver, _Mapping]] = ..., voided: _Optional[_Union[Attempt, _Mapping]] = ..., dry: _Optional[_Union[OpenPhase, _Mapping]] = ..., released: _Optional[_Union[Released, _Mapping]] = ..., broken: _Optional[_Union[Broken, _Mapping]] = ..., balance: _Optional[_Union[Balance, _Mapping]] = ..., lifted: _Optional[int] = ...) -> None: ...

class TaskOver(_message.Message):
    __slots__ = ("attempt", "report")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    attempt: Attempt
    report: bytes
    def __init__(self, attempt: _Optional[_Union[Attempt, _Mapping]] = ..., report: _Optional[bytes] = ...) -> None: ...

class Released(_message.Message):
    __slots__ = ("phase", "proceed", "left", "reason", "receipt")
    PHASE_FIELD_NUMBER: _ClassVar[int]
    PROCEED_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    phase: int
    proceed: bool
    left: int
    reason: str
    receipt: bytes
    def __init__(self, phase: _Optional[int] = ..., proceed: bool = ..., left: _Optional[int] = ..., reason: _Optional[str] = ..., receipt: _Optional[bytes] = ...) -> None: ...

class Broken(_message.Message):
    __slots__ = ("phase", "error")
    PHASE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    phase: int
    error: bytes
    def __init__(self, phase: _Optional[int] = ..., error: _Optional[bytes] = ...) -> None: ...

class Balance(_message.Message):
    __slots__ = ("used", "left")
    USED_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    used: int
    left: int
    def __init__(self, used: _Optional[int] = ..., left: _Optional[int] = ...) -> None: ...

class Worker(_message.Message):
    __slots__ = ("number",)
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    number: int
    def __init__(self, number: _Optional[int] = ...) -> None: ...

class Assignment(_message.Message):
    __slots__ = ("attempt", "task")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    attempt: Attempt
    task: bytes
    def __init__(self, attempt: _Optional[_Union[Attempt, _Mapping]] = ..., task: _Optional[bytes] = ...) -> None: ...

class AttemptOver(_message.Message):
    __slots__ = ("worker", "attempt", "outcome", "detail")
    WORKER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    worker: int
    attempt: Attempt
    outcome: str
    detail: str
    def __init__(self, worker: _Optional[int] = ..., attempt: _Optional[_Union[Attempt, _Mapping]] = ..., outcome: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class SettleRequest(_message.Message):
    __slots__ = ("phase", "receipt")
    PHASE_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    phase: int
    receipt: bytes
    def __init__(self, phase: _Optional[int] = ..., receipt: _Optional[bytes] = ...) -> None: ...

class SettleAnswer(_message.Message):
    __slots__ = ("answer", "refused")
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    answer: bytes
    refused: str
    def __init__(self, answer: _Optional[bytes] = ..., refused: _Optional[str] = ...) -> None: ...

class MoreRequest(_message.Message):
    __slots__ = ("used", "needs")
    USED_FIELD_NUMBER: _ClassVar[int]
    NEEDS_FIELD_NUMBER: _ClassVar[int]
    used: int
    needs: int
    def __init__(self, used: _Optional[int] = ..., needs: _Optional[int] = ...) -> None: ...

class MoreAnswer(_message.Message):
    __slots__ = ("escrow", "refused")
    ESCROW_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    escrow: int
    refused: str
    def __init__(self, escrow: _Optional[int] = ..., refused: _Optional[str] = ...) -> None: ...

class Command(_message.Message):
    __slots__ = ("command",)
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    command: str
    def __init__(self, command: _Optional[str] = ...) -> None: ...

class ProgressNews(_message.Message):
    __slots__ = ("phase", "tasks_done", "tasks", "used", "left", "rows")
    PHASE_FIELD_NUMBER: _ClassVar[int]
    TASKS_DONE_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    phase: int
    tasks_done: int
    tasks: int
    used: int
    left: int
    rows: int
    def __init__(self, phase: _Optional[int] = ..., tasks_done: _Optional[int] = ..., tasks: _Optional[int] = ..., used: _Optional[int] = ..., left: _Optional[int] = ..., rows: _Optional[int] = ...) -> None: ...

class Empty(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
