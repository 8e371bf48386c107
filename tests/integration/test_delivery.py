"""The relay against real servers on loopback, well-behaved and odd."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.smtp_peers import PIPELINING, Peer, self_signed, serving
from transmissions.delivery import Outcome, Outgoing, Relay, RelayUrlError
from transmissions.delivery.connection import Timeouts

DATA = b"Subject: hello\r\n\r\nline\r\n.hidden\r\n..two\r\n"
# Only for servers that do not answer: a busy machine must not look like one.
QUICK = Timeouts(connect=2, greeting=1, command=0.4, block=2, end_of_data=0.8, idle=5)
PATIENT = Timeouts(connect=20, greeting=20, command=20, block=20, end_of_data=20, idle=5)


def message(key: int, rcpt_to: str = "", **changes: object) -> Outgoing:
    fields: dict[str, object] = {"mail_from": "b@example.org", "data": DATA} | changes
    return Outgoing(key=key, rcpt_to=rcpt_to or f"r{key}@example.com", **fields)  # type: ignore[arg-type]


def deliver(
    port: int, messages: list[Outgoing], options: str = "", scheme: str = "smtp", timeouts: Timeouts = PATIENT
) -> list[Outcome]:
    with Relay.from_url(f"{scheme}://127.0.0.1:{port}/?{options}", timeouts) as relay:
        outcomes = [outcome for batch in relay.deliver(messages) for outcome in batch]
    assert sorted(outcome.key for outcome in outcomes) == sorted(item.key for item in messages)
    return sorted(outcomes, key=lambda outcome: outcome.key)


def deliver_one(port: int, options: str = "", timeouts: Timeouts = PATIENT, **changes: object) -> Outcome:
    return deliver(port, [message(1, **changes)], options, timeouts=timeouts)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize("extensions", [PIPELINING, ("8BITMIME",), ()])
def test_messages_arrive_unchanged(extensions: tuple[str, ...]) -> None:
    peer = Peer(extensions=extensions, lock_step="PIPELINING" not in extensions)
    with serving(peer) as port:
        outcomes = deliver(port, [message(key) for key in range(50)], "connections=3")
    assert {outcome.result for outcome in outcomes} == {"delivered"}
    assert outcomes[0].reply == "250 2.0.0 taken"
    assert outcomes[0].error_code is outcomes[0].bounce_class is None
    assert (outcomes[0].remote_ip, outcomes[0].local_ip, outcomes[0].tls) == ("127.0.0.1", "127.0.0.1", False)
    assert sorted(taken.rcpt for taken in peer.taken) == sorted(
        f"RCPT TO:<r{key}@example.com>" for key in range(50)
    )
    assert {taken.data for taken in peer.taken} == {DATA.replace(b"\r\n.", b"\r\n..")}
    assert 1 <= peer.connections <= 3


def test_envelope_and_body_share_a_write_where_pipelining_is_offered() -> None:
    """RFC 2920: the next envelope is on its way before this message's reply."""
    peer = Peer(replies={".": 0.2})
    with serving(peer) as port:
        deliver(port, [message(1), message(2)], "connections=1")
    ends = [command.split(" ")[0] for command in peer.commands]
    assert ends == ["EHLO", "MAIL", "RCPT", "DATA", "MAIL", "RCPT", "DATA", "QUIT"]


def test_ehlo_refused_falls_back_to_helo() -> None:
    peer = Peer(replies={"EHLO": "502 5.5.1 what"}, lock_step=True)
    with serving(peer) as port:
        assert deliver_one(port).result == "delivered"
    assert peer.commands[1].startswith("HELO [127.0.0.1]")
    assert peer.taken[0].mail == "MAIL FROM:<b@example.org>"


@pytest.mark.parametrize("extensions", [PIPELINING, ()])
@pytest.mark.parametrize("data_reply", ["503 5.5.1 no recipients", "354 go on"])
def test_one_refused_recipient_does_not_harm_the_others(extensions: tuple[str, ...], data_reply: str) -> None:
    refused = "RCPT TO:<r5@example.com>"
    peer = Peer(extensions=extensions, replies={refused: "550 5.1.1 <r5@example.com>: user unknown"})
    if data_reply.startswith("354"):
        peer.replies["DATA"] = data_reply
    with serving(peer) as port:
        outcomes = deliver(port, [message(key) for key in range(10)], "connections=1")
    bounced = outcomes[5]
    assert (bounced.result, bounced.error_code, bounced.bounce_class) == ("bounced", 550, 10)
    assert bounced.reply == "550 5.1.1 <r5@example.com>: user unknown"
    assert len(peer.taken) == 9
    assert all(outcome.result == "delivered" for outcome in outcomes if outcome.key != 5)
    assert peer.connections == 1
    assert "RSET" in peer.commands


@pytest.mark.parametrize("extensions", [PIPELINING, ()])
@pytest.mark.parametrize(
    ("step", "reply", "result", "bounce_class"),
    [
        ("MAIL", "451 4.3.0 later", "deferred", 70),
        ("MAIL", "550 5.7.1 no spam please", "bounced", 52),
        ("MAIL", "530 5.7.0 authentication required", "deferred", 70),
        ("RCPT", "452 4.2.2 mailbox full", "deferred", 22),
        ("DATA", "554 5.7.1 relaying denied", "bounced", 54),
        (".", "552 5.3.4 message size exceeds limit", "bounced", 23),
        (".", "421 4.7.0 try again later", "deferred", 70),
    ],
)
def test_a_refusal_at_any_step(
    extensions: tuple[str, ...], step: str, reply: str, result: str, bounce_class: int
) -> None:
    peer = Peer(extensions=extensions, replies={step: reply})
    with serving(peer) as port:
        outcomes = deliver(port, [message(key) for key in range(3)], "connections=1")
    for outcome in outcomes:
        assert (outcome.result, outcome.bounce_class, outcome.reply) == (result, bounce_class, reply)
        assert outcome.error_code == int(reply[:3])
    assert peer.taken == []


def test_a_reply_of_many_lines_is_kept_whole() -> None:
    peer = Peer(replies={"RCPT": "550-5.1.1 first\r\n550-5.1.1 second\xe9\r\n550 5.1.1 third"})
    with serving(peer) as port:
        outcome = deliver_one(port)
    assert outcome.reply == "550-5.1.1 first\n550-5.1.1 second?\n550 5.1.1 third"
    assert outcome.bounce_class == 10


def test_a_farewell_at_mail_sends_the_message_over_another_connection() -> None:
    farewells = iter(["421 4.3.2 too many messages"])

    class Moody(Peer):
        async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.replies = {}
            if self.connections == 0:
                self.replies = {"MAIL FROM:<last@example.org>": next(farewells)}
            await super().__call__(reader, writer)

    peer = Moody()
    with serving(peer) as port:
        messages = [message(1), message(2, mail_from="last@example.org"), message(3)]
        outcomes = deliver(port, messages, "connections=1")
    assert [outcome.result for outcome in outcomes] == ["delivered"] * 3
    assert peer.connections == 2


def test_messages_per_connection() -> None:
    peer = Peer()
    with serving(peer) as port:
        deliver(port, [message(key) for key in range(10)], "connections=1&messages=4")
    assert peer.connections == 3
    assert peer.commands.count("QUIT") == 3


def test_connection_lost_after_the_data_is_deferred_and_not_sent_again() -> None:
    peer = Peer(replies={".": None})
    with serving(peer) as port:
        outcome = deliver_one(port)
    assert (outcome.result, outcome.error_code, outcome.bounce_class) == ("deferred", 454, 70)
    assert "[internal] connection lost" in outcome.reply
    assert "may have been taken" in outcome.reply
    assert outcome.remote_ip == "127.0.0.1"
    assert peer.connections == 1


def test_connection_lost_before_the_data_is_tried_again_by_another_connection() -> None:
    class Stumbling(Peer):
        async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.replies = {"RCPT TO:<r2@example.com>": None} if self.connections == 0 else {}
            await super().__call__(reader, writer)

    peer = Stumbling()
    with serving(peer) as port:
        outcomes = deliver(port, [message(key) for key in (1, 2, 3)], "connections=1")
    assert [outcome.result for outcome in outcomes] == ["delivered"] * 3
    assert len(peer.taken) == 3


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "."])
def test_a_slow_server_times_out_at_every_step(step: str) -> None:
    peer = Peer(replies={step: 30.0})
    with serving(peer) as port:
        outcome = deliver_one(port, timeouts=QUICK)
    assert (outcome.result, outcome.error_code, outcome.bounce_class) == ("deferred", 454, 24)
    assert "timed out waiting for" in outcome.reply


def test_a_hanging_relay_costs_one_timeout_and_not_one_per_message() -> None:
    peer = Peer(replies={"MAIL": 30.0})
    with serving(peer) as port:
        outcomes = deliver(port, [message(key) for key in range(2000)], "connections=2", timeouts=QUICK)
    assert {outcome.result for outcome in outcomes} == {"deferred"}
    # Two connections, and a few probes after the pause at the most.
    assert peer.connections <= 8


def test_no_relay_defers_everything_with_the_cause() -> None:
    with serving(Peer()) as port:
        pass
    outcomes = deliver(port, [message(key) for key in range(1000)])
    assert {outcome.result for outcome in outcomes} == {"deferred"}
    assert {outcome.bounce_class for outcome in outcomes} == {70}
    assert outcomes[0].reply == "454 4.4.1 [internal] no connection to the relay: connection refused"
    assert (outcomes[0].remote_ip, outcomes[0].tls) == ("", None)


def test_a_relay_without_address_is_a_dns_failure() -> None:
    with Relay.from_url("smtp://relay.invalid:25/?tls=off", PATIENT) as relay:
        [[outcome]] = relay.deliver([message(1)])
    assert (outcome.result, outcome.error_code, outcome.bounce_class) == ("deferred", 454, 21)
    assert outcome.reply == "454 4.4.4 [internal] no MX or A for domain"


def test_the_relay_is_used_again_when_it_is_back() -> None:
    with serving(Peer()) as port:
        pass
    with Relay.from_url(f"smtp://127.0.0.1:{port}", PATIENT) as relay:
        assert [batch[0].result for batch in relay.deliver([message(1)])] == ["deferred"]
        peer = Peer()
        with serving(peer, port=port):
            deadline = time.monotonic() + 10
            while [batch[0].result for batch in relay.deliver([message(2)])] == ["deferred"]:
                assert time.monotonic() < deadline
                time.sleep(0.1)
    assert len(peer.taken) == 1


@pytest.mark.parametrize(
    "line",
    [
        b"220 hello\r\nHTTP/1.1 400 Bad Request\r\n",
        b"\x00\xff\xfe\r\n",
        b"220-" + b"x" * 70_000,
        b"220-x\r\n" * 101,
    ],
)
def test_garbage_is_a_deferral(line: bytes) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(line)
        await reader.read()

    with serving(babble) as port:
        outcome = deliver_one(port)
    assert (outcome.result, outcome.error_code, outcome.bounce_class) == ("deferred", 454, 70)
    assert len(outcome.reply) < 2100


def test_an_extra_reply_never_reaches_the_wrong_message() -> None:
    peer = Peer(replies={"DATA": "354 go on\r\n250 already taken"})
    with serving(peer) as port:
        outcomes = deliver(port, [message(1), message(2)], "connections=1")
    assert {outcome.result for outcome in outcomes} == {"deferred"}


def test_refused_connection_and_farewell_greeting() -> None:
    with serving(Peer(greeting="554 no service for you")) as port:
        assert deliver_one(port).reply.endswith("the relay refused the connection: 554 no service for you")


def test_size_is_checked_before_it_is_sent() -> None:
    peer = Peer(extensions=("PIPELINING", "SIZE 100"))
    with serving(peer) as port:
        outcomes = deliver(port, [message(1, data=b"x" * 99 + b"\r\n"), message(2)])
    assert [(o.result, o.error_code, o.bounce_class) for o in outcomes] == [
        ("bounced", 552, 23),
        ("delivered", None, None),
    ]
    assert peer.taken[0].mail == f"MAIL FROM:<b@example.org> SIZE={len(DATA)}"


def test_smtputf8() -> None:
    with serving(Peer(extensions=(*PIPELINING, "SMTPUTF8"))) as port:
        assert deliver_one(port, rcpt_to="jörg@example.com").result == "delivered"
    peer = Peer()
    with serving(peer) as port:
        outcome = deliver_one(port, rcpt_to="jörg@example.com")
        assert deliver_one(port, smtputf8=True).result == "bounced"
    assert (outcome.result, outcome.error_code) == ("bounced", 553)
    assert outcome.reply == "553 5.6.7 [internal] the message needs SMTPUTF8, which the relay does not offer"
    assert peer.taken == []


def test_8bitmime_is_declared_only_where_offered() -> None:
    eight_bit = "Subject: x\r\n\r\nä\r\n".encode()
    offering, plain = Peer(extensions=("8BITMIME",)), Peer(extensions=())
    with serving(offering) as port:
        deliver_one(port, data=eight_bit)
        deliver_one(port)
    with serving(plain) as port:
        deliver_one(port, data=eight_bit)
    assert [taken.mail[26:] for taken in offering.taken] == ["BODY=8BITMIME", ""]
    assert plain.taken[0].mail == "MAIL FROM:<b@example.org>"
    assert plain.taken[0].data == eight_bit


@pytest.mark.parametrize(
    "address", ["a@b>\r\nRCPT TO:<c@d", "a b@c", "a@b c", "<a@b>", "a\0@b", "x" * 600 + "@b", ""]
)
def test_an_address_cannot_end_the_command(address: str) -> None:
    peer = Peer()
    with serving(peer) as port, Relay.from_url(f"smtp://127.0.0.1:{port}", PATIENT) as relay:
        [[outcome]] = relay.deliver([Outgoing(1, "a@b", address, DATA)])
        assert (outcome.result, outcome.error_code) == ("bounced", 553)
    assert not [command for command in peer.commands if "RCPT" in command]


@pytest.mark.parametrize("mechanism", ["AUTH PLAIN LOGIN", "AUTH LOGIN", "AUTH=PLAIN"])
def test_login(mechanism: str) -> None:
    peer = Peer(extensions=(*PIPELINING, mechanism), password="se/cr et")
    with serving(peer) as port, Relay.from_url(f"smtp://user:se%2Fcr%20et@127.0.0.1:{port}", PATIENT) as relay:
        assert [batch[0].result for batch in relay.deliver([message(1)])] == ["delivered"]


def test_a_wrong_login_defers_and_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    peer = Peer(extensions=(*PIPELINING, "AUTH PLAIN"), password="right")
    with serving(peer) as port, Relay.from_url(f"smtp://user:Wr0ngSecret@127.0.0.1:{port}", PATIENT) as relay:
        [[outcome]] = relay.deliver([message(1)])
        assert "Wr0ngSecret" not in repr(relay.server)
    assert (outcome.result, outcome.reply) == (
        "deferred",
        "454 4.3.0 [internal] the relay refused the login: 535 5.7.8 wrong",
    )
    assert "relay refused the login" in caplog.text
    assert "Wr0ngSecret" not in caplog.text
    assert "V3Iwbmd" not in caplog.text


def test_starttls(tmp_path: Path) -> None:
    certificate, context = self_signed(tmp_path)
    peer = Peer(extensions=(*PIPELINING, "STARTTLS"), tls=context)
    with serving(peer) as port:
        unknown = deliver_one(port, "tls=starttls")
        checked = deliver_one(port, f"tls=starttls&ca={certificate}")
        unchecked = deliver_one(port, "tls=starttls&verify=off")
        whoever = deliver_one(port, "tls=auto")
    assert (unknown.result, unknown.bounce_class) == ("deferred", 70)
    assert "certificate is not valid: self-signed certificate" in unknown.reply
    assert [(outcome.result, outcome.tls) for outcome in (checked, unchecked, whoever)] == [("delivered", True)] * 3


def test_starttls_is_not_negotiable_when_asked_for() -> None:
    with serving(Peer()) as port:
        outcome = deliver_one(port, "tls=starttls")
        assert deliver_one(port, "tls=auto").result == "delivered"
    assert "does not offer STARTTLS" in outcome.reply


def test_what_was_said_in_clear_before_tls_is_refused(tmp_path: Path) -> None:
    certificate, context = self_signed(tmp_path)
    peer = Peer(extensions=("STARTTLS",), tls=context, replies={"STARTTLS": "220 go on\r\n250 injected"})
    with serving(peer) as port:
        outcome = deliver_one(port, f"tls=starttls&ca={certificate}")
    assert outcome.result == "deferred"
    assert "unexpected reply" in outcome.reply


def test_implicit_tls(tmp_path: Path) -> None:
    certificate, context = self_signed(tmp_path)
    with serving(Peer(), context) as port:
        [good] = deliver(port, [message(1)], f"ca={certificate}", "smtps")
        [bad] = deliver(port, [message(1)], "", "smtps")
        [plain] = deliver(port, [message(1)], timeouts=QUICK)
    assert (good.result, good.tls) == ("delivered", True)
    assert "certificate is not valid" in bad.reply
    assert (plain.result, plain.bounce_class in (24, 70)) == ("deferred", True)


def test_messages_are_pulled_lazily_and_closing_early_is_clean() -> None:
    pulled = 0

    def endless() -> Iterator[Outgoing]:
        nonlocal pulled
        while True:
            pulled += 1
            yield message(pulled)

    peer = Peer(extensions=())
    with serving(peer) as port, Relay.from_url(f"smtp://127.0.0.1:{port}", PATIENT) as relay:
        batches = relay.deliver(endless())
        first = next(batches)
        assert 0 < len(first) <= 100
        assert pulled <= 300
        batches.close()  # type: ignore[attr-defined]
        [[again]] = relay.deliver([message(0)])
        assert again.result == "delivered"


def test_outcomes_come_before_the_trouble_of_the_source() -> None:
    def failing() -> Iterator[Outgoing]:
        yield message(1)
        yield message(2)
        raise KeyError("source")

    keys = []
    with serving(Peer()) as port, Relay.from_url(f"smtp://127.0.0.1:{port}", PATIENT) as relay:
        batches = relay.deliver(failing())
        keys += [outcome.key for outcome in next(batches)]
        with pytest.raises(KeyError, match="source"):
            next(batches)
    assert sorted(keys) == [1, 2]


def test_a_batch_does_not_wait_for_the_slow() -> None:
    """The outcome of the first is out while the last still waits for its reply."""
    peer = Peer(replies={".RCPT TO:<r9@example.com>": 0.75})
    timeouts = Timeouts(command=5, end_of_data=5, idle=5)
    with serving(peer) as port, Relay.from_url(f"smtp://127.0.0.1:{port}/?connections=2", timeouts) as relay:
        batches = [[outcome.key for outcome in batch] for batch in relay.deliver([message(1), message(9)])]
    assert batches == [[1], [9]]


def test_a_relay_that_allows_fewer_connections_still_takes_everything() -> None:
    class Narrow(Peer):
        open = 0

        async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self.open >= 2:
                writer.write(b"421 4.7.0 too many connections from you\r\n")
                return
            self.open += 1
            try:
                await super().__call__(reader, writer)
            finally:
                self.open -= 1

    # Those let in are greeted later than the others are refused.
    peer = Narrow(replies={"EHLO": 0.1})
    with serving(peer) as port:
        outcomes = deliver(port, [message(key) for key in range(300)], "connections=10&messages=50")
    assert {outcome.result for outcome in outcomes} == {"delivered"}


def test_a_reply_that_drips_is_a_timeout() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        await reader.readline()
        while True:
            writer.write(b"2")
            await asyncio.sleep(0.05)

    with serving(drip) as port:
        outcome = deliver_one(port, timeouts=QUICK)
    assert (outcome.result, outcome.bounce_class) == ("deferred", 24)


def test_threads_share_the_connections() -> None:
    peer = Peer()
    results: dict[int, list[int]] = {}
    with serving(peer) as port, Relay.from_url(f"smtp://127.0.0.1:{port}/?connections=3", PATIENT) as relay:

        def send(thread: int) -> None:
            messages = [message(thread * 1000 + number) for number in range(100)]
            results[thread] = [outcome.key for batch in relay.deliver(messages) for outcome in batch]

        threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert peer.connections <= 3
    assert len(peer.taken) == 400
    for thread, keys in results.items():
        assert sorted(keys) == [thread * 1000 + number for number in range(100)]


def test_a_forked_child_gets_connections_of_its_own() -> None:
    """Celery forks its workers; a thread does not survive that."""
    program = """
import os, sys
from transmissions.delivery import Outgoing, Relay
relay = Relay.from_url(sys.argv[1])
def send(key):
    [[outcome]] = relay.deliver([Outgoing(key, "b@example.org", "r@example.com", b"x")])
    return outcome.result != "delivered"
assert not send(1)
child = os.fork()
if child == 0:
    os._exit(send(2))
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.exit(status or send(3))
"""
    peer = Peer()
    with serving(peer) as port:
        command = [sys.executable, "-c", program, f"smtp://127.0.0.1:{port}"]
        assert subprocess.run(command, timeout=30, check=False).returncode == 0
    assert len(peer.taken) == 3
    assert peer.connections == 2


def test_closing_the_relay_defers_what_waits_and_it_can_be_used_again() -> None:
    peer = Peer(replies={".": 0.3})
    with serving(peer) as port:
        relay = Relay.from_url(f"smtp://127.0.0.1:{port}/?connections=1", PATIENT)
        outcomes = []
        deliveries = relay.deliver([message(key) for key in range(20)])
        outcomes += next(deliveries)
        relay.close()
        outcomes += [outcome for batch in deliveries for outcome in batch]
        assert sorted(outcome.key for outcome in outcomes) == list(range(20))
        assert {outcome.reply for outcome in outcomes if outcome.result == "deferred"} == {
            "454 4.3.2 [internal] delivery is shutting down"
        }
        assert sum(outcome.result == "delivered" for outcome in outcomes) == len(peer.taken)
        [[again]] = relay.deliver([message(99)])
        assert again.result == "delivered"
        relay.close()


def test_nothing_to_deliver_needs_no_connection() -> None:
    peer = Peer()
    with serving(peer) as port, Relay.from_url(f"smtp://127.0.0.1:{port}", PATIENT) as relay:
        assert list(relay.deliver([])) == []
    assert peer.connections == 0


def test_a_large_body_that_moves_slowly_is_no_timeout() -> None:
    """The reader takes longer than the time-out of the reply, but it takes."""

    class Slow(Peer):
        async def _data(self, reader: asyncio.StreamReader) -> bytes:
            for _ in range(18):
                await asyncio.sleep(0.3)
                await reader.readexactly(2_000_000)
            return await super()._data(reader)

    peer = Slow(extensions=("PIPELINING",))
    timeouts = Timeouts(command=20, block=4, end_of_data=4, idle=5)
    body = (b"x" * 998 + b"\r\n") * 40_000
    with serving(peer) as port, Relay.from_url(f"smtp://127.0.0.1:{port}", timeouts) as relay:
        assert [outcome.result for batch in relay.deliver([message(1, data=body)]) for outcome in batch] == [
            "delivered"
        ]
    assert len(peer.taken) == 1


def test_a_body_that_stops_moving_is_a_timeout() -> None:
    class Stuck(Peer):
        async def _data(self, reader: asyncio.StreamReader) -> bytes:
            await asyncio.sleep(60)
            return b""

    body = (b"x" * 998 + b"\r\n") * 30_000
    timeouts = Timeouts(command=5, block=0.4, end_of_data=30, idle=5)
    with serving(Stuck(extensions=())) as port, Relay.from_url(f"smtp://127.0.0.1:{port}", timeouts) as relay:
        [outcome] = [outcome for batch in relay.deliver([message(1, data=body)]) for outcome in batch]
    assert (outcome.result, outcome.bounce_class) == ("deferred", 24)


def test_connections_stay_open_between_deliveries() -> None:
    peer = Peer()
    with serving(peer) as port, Relay.from_url(f"smtp://127.0.0.1:{port}", PATIENT) as relay:
        for key in range(5):
            assert [batch[0].result for batch in relay.deliver([message(key)])] == ["delivered"]
        assert peer.connections == 1
        relay.close()
    assert peer.commands[-1] == "QUIT"


@pytest.mark.parametrize("farewell", [b"", b"421 4.4.2 idle for too long\r\n"])
def test_an_idle_connection_closed_by_the_server_is_not_used(farewell: bytes) -> None:
    class Impatient(Peer):
        async def _data(self, reader: asyncio.StreamReader) -> bytes:
            data = await super()._data(reader)
            asyncio.get_running_loop().call_later(0.1, self.hang_up)
            return data

        async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            def hang_up() -> None:
                writer.write(farewell)
                writer.close()

            self.hang_up = hang_up
            await super().__call__(reader, writer)

    peer = Impatient()
    with serving(peer) as port, Relay.from_url(f"smtp://127.0.0.1:{port}", PATIENT) as relay:
        for key in range(3):
            assert [batch[0].result for batch in relay.deliver([message(key)])] == ["delivered"]
            time.sleep(0.3)
    assert peer.connections == 3


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://x", "expected smtp://host:port"),
        ("smtp://", "no host"),
        ("smtp://host:99999", "host or port cannot be read"),
        ("smtp://host/?tls=maybe", "tls=maybe"),
        ("smtps://host/?tls=starttls", "tls= does not go with smtps://"),
        ("smtp://host/?verify=false", "verify=false"),
        ("smtp://host/?connections=0", "connections=0"),
        ("smtp://host/?connections=1e3", "connections=1e3"),
        ("smtp://host/?messages=99999999999", "messages=99999999999"),
        ("smtp://host/?colour=red", "no option 'colour'"),
        ("smtp://host/?name=a%20b", "expected a host name"),
        ("smtp://host/?tls=starttls&ca=/nowhere.pem", "ca=/nowhere.pem: No such file"),
        ("smtp://user:s3c/ret@host", "host or port cannot be read"),
        ("smtp://:s3c@host", "a password without a user"),
    ],
)
def test_a_bad_url_names_the_variable(url: str, complaint: str) -> None:
    with pytest.raises(RelayUrlError, match=r"^SMTP_URL: ") as problem:
        Relay.from_url(url)
    assert complaint in str(problem.value)
    assert "s3c" not in str(problem.value)


@pytest.mark.parametrize(
    ("url", "port", "encryption"),
    [
        ("smtp://relay.example.org", 25, "auto"),
        ("smtp://user:x@relay.example.org:587", 587, "starttls"),
        ("smtp://user:x@relay.example.org/?tls=off", 25, "off"),
        ("smtp://localhost:1025", 1025, "off"),
        ("smtp://[::1]:1025/", 1025, "off"),
        ("smtps://user:x@relay.example.org", 465, "implicit"),
    ],
)
def test_what_a_url_means(url: str, port: int, encryption: str) -> None:
    server = Relay.from_url(url).server
    assert (server.port, server.encryption, server.connections) == (port, encryption, 10)
