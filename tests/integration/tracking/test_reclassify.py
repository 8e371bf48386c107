"""New rules over what is already in the log."""

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from redis import Redis

from reports import rollups
from tests.integration.tracking.test_second_look import (
    AT,
    CHROME,
    FIREFOX,
    details_kept,
    hit,
    look_and_follow,
    people,
    record,
    recorder,
    redis,
    rows,
)
from tracking import classify, reclassifying
from tracking.models import Reclassification
from tracking.recorder import Recorder

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["details_kept", "recorder", "redis"]


@pytest.fixture
def other_rules(recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Firefox is a scanner now; the recorder had the old rules."""
    file = tmp_path / "rules.toml"
    ours = Path(classify.__file__).with_name("rules.toml").read_text()
    file.write_text(ours.replace("version = 2", "version = 3").replace('"Barracuda"', '"Firefox"'))
    monkeypatch.setenv("TRAFFIC_RULES", str(file))
    return file


def reclassify(*arguments: str) -> str:
    output = StringIO()
    call_command("reclassify", *arguments, stdout=output)
    return output.getvalue()


def fill(redis: Any, recorder: Recorder) -> None:
    record(redis, recorder, [hit(AT + 900 * n, message=n, agent=(FIREFOX, CHROME)[n % 2]) for n in range(6)])
    look_and_follow()
    assert people()["count_clicked"] == 6


@pytest.mark.usefixtures("other_rules")
def test_history_is_judged_again_and_rollups_follow(redis: "Redis", recorder: Recorder) -> None:
    fill(redis, recorder)
    told = reclassify()
    assert " ".join(told.split()) == "6 hits judged by version 3 of the rules, 3 changed. 3 human → scanner"
    assert [traffic for _, traffic in rows()] == ["scanner", "human"] * 3
    assert {row[0] for row in rows("is_prefetched, data->'user_agent_parsed'->>'is_prefetched'")} == {True, False}
    assert people()["count_clicked"] == people()["count_unique_clicked"] == 3
    assert people(people_only=False)["count_clicked"] == 6
    assert rollups.check() == []
    assert "0 changed" in reclassify()


@pytest.mark.usefixtures("other_rules")
def test_a_dry_run_changes_nothing(redis: "Redis", recorder: Recorder) -> None:
    fill(redis, recorder)
    assert "3 would change" in reclassify("--dry-run")
    look_and_follow()
    assert {traffic for _, traffic in rows()} == {"human"}
    assert people()["count_clicked"] == 6


@pytest.mark.usefixtures("other_rules")
def test_only_the_span_asked_for_is_judged(redis: "Redis", recorder: Recorder) -> None:
    fill(redis, recorder)
    start, end = (datetime.fromtimestamp(AT + seconds, UTC).isoformat() for seconds in (900, 3600))
    assert "1 changed" in reclassify("--from", start, "--to", end)
    assert [traffic for _, traffic in rows()] == ["human", "human", "scanner", "human", "human", "human"]


@pytest.mark.usefixtures("other_rules")
def test_a_run_that_was_stopped_goes_on_where_it_was(
    redis: "Redis", recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(redis, recorder)
    monkeypatch.setattr(reclassifying.next_slice, "__defaults__", (2,))
    real_step, steps = reclassifying.step, []

    def stops_in_the_middle(*arguments: Any) -> bool:
        steps.append(1)
        if len(steps) == 3:
            raise KeyboardInterrupt
        return real_step(*arguments)

    monkeypatch.setattr(reclassifying, "step", stops_in_the_middle)
    with pytest.raises(KeyboardInterrupt):
        reclassify()
    assert Reclassification.objects.get().position > datetime.fromtimestamp(AT, UTC)
    told = reclassify()
    assert "Going on at" in told
    assert "6 hits judged" in told
    assert people()["count_clicked"] == 3
    assert Reclassification.objects.get().is_finished


@pytest.mark.parametrize("arguments", [("--from", "yesterday"), ("--from", "2026-02-01", "--to", "2026-01-01")])
def test_what_is_no_span_of_time_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        reclassify(*arguments)


@pytest.mark.usefixtures("other_rules")
def test_hits_whose_details_are_gone_keep_their_verdict(redis: "Redis", recorder: Recorder) -> None:
    fill(redis, recorder)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tracking_event SET data = (data::jsonb - 'user_agent' - 'ip_address')::json")
    assert "0 hits judged" in reclassify()


def test_events_that_no_rules_have_judged_are_left_alone(redis: "Redis", recorder: Recorder) -> None:
    fill(redis, recorder)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tracking_event SET traffic = 'scanner', data = '{\"ip_address\": 7}'")
    assert "0 hits judged" in reclassify()
