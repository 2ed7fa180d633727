"""The master's connection to the manager: news come in, words go out in order, and it is made again when it breaks."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio

from totem_ccf.faults import kill_point
from totem_ccf.mapreduce import master_messages as mm
from totem_ccf.metering import messages as m
from totem_ccf.metering import rpc, wire
from totem_ccf.metering.books import AttemptId
from totem_ccf.metering.manager import MeterViolation
from totem_ccf.metering.proto import ccf_pb2 as pb
from totem_ccf.metering.proto import ccf_pb2_grpc as pb_grpc

__all__ = ["ManagerLink", "ManagerLost"]

MANAGER_SECONDS = 20.0
CALL_SECONDS = 10.0
BEAT_SECONDS = 5.0
"""After so long with nothing to tell, the manager is asked whether it is there: the master may be waiting for it."""

_log = logging.getLogger("totem.master")


class ManagerLost(Exception):
    """Nothing was heard of the manager for ``MANAGER_SECONDS``."""


class ManagerLink:
    """One master's link to its manager.

    Args:
        address: where the manager listens.
        secret: what the manager wants to be shown.
        live: the attempts that the master knows to be live.
        hear: takes what comes in; returns when the master has taken it.
    """

    def __init__(
        self,
        address: str,
        secret: str,
        live: Callable[[], frozenset[AttemptId]],
        hear: Callable[[mm.Event | m.Balance], Awaitable[None]],
    ) -> None:
        self._channel = grpc.aio.insecure_channel(address, options=rpc.OPTIONS)
        self._metadata = rpc.metadata(secret)
        self._live = live
        self._hear = hear
        self._words: asyncio.Queue[m.ManagerEvent] = asyncio.Queue()
        self._heard = time.monotonic()

    def tell(self, event: m.ManagerEvent) -> None:
        """Tell the manager, after everything that it was told before; lost if the connection breaks first."""
        self._words.put_nowait(event)

    async def follow(self) -> None:
        """Keep connected.

        Raises:
            ManagerLost: the manager can't be reached any more.
            MeterViolation: the manager refuses what it was told.
        """
        while True:
            # What was said to the connection that broke must not reach the next one.
            await self._hear(mm.Disconnected())
            while not self._words.empty():
                self._words.get_nowait()
            try:
                await asyncio.wait_for(self._channel.channel_ready(), CALL_SECONDS)
                await self._converse(pb_grpc.LeadStub(self._channel))
            except TimeoutError:
                _log.warning("the manager does not answer")
            except grpc.aio.AioRpcError as error:
                _log.warning("the manager is not there: %s", error.details())
            if time.monotonic() - self._heard > MANAGER_SECONDS:
                raise ManagerLost(f"nothing was heard of the manager for {MANAGER_SECONDS:.0f} s")
            await asyncio.sleep(0.05)

    async def _converse(self, stub: Any) -> None:
        """Hear the manager's news and tell it what it is to be told, until either breaks."""
        live = [wire.attempt_to_wire(id_) for id_ in sorted(self._live())]
        news = stub.Connect(pb.ConnectRequest(live=live), metadata=self._metadata)
        connected = asyncio.Event()
        both = [asyncio.create_task(self._listen(news, connected)), asyncio.create_task(self._speak(stub, connected))]
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in both:
                task.cancel()
            news.cancel()

    async def _listen(self, news: Any, connected: asyncio.Event) -> None:
        async for told in news:
            self._heard = time.monotonic()
            event = wire.news_from_wire(told)
            if isinstance(event, dict):
                await self._hear(mm.Connected(event))
                connected.set()
            else:
                await self._hear(event)

    async def _speak(self, stub: Any, connected: asyncio.Event) -> None:
        await asyncio.wait_for(connected.wait(), CALL_SECONDS)
        while True:
            try:
                event = await asyncio.wait_for(self._words.get(), BEAT_SECONDS)
            except TimeoutError:
                await stub.Beat(pb.Empty(), metadata=self._metadata, timeout=CALL_SECONDS)
                self._heard = time.monotonic()
                continue
            try:
                await stub.Tell(wire.event_to_wire(event), metadata=self._metadata, timeout=CALL_SECONDS)
            except grpc.aio.AioRpcError as error:
                if error.code() != grpc.StatusCode.FAILED_PRECONDITION:
                    raise
                raise MeterViolation(f"the manager refuses {type(event).__name__}: {error.details()}") from None
            self._heard = time.monotonic()
            if isinstance(event, m.OpenPhase):
                kill_point("master:after-open")
