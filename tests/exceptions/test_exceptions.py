"""Which violations an exception accepts, when, and what is wrong with a file of them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.exceptions import Exceptions, ExceptionsError, State, Subject, check, read
from watchkeeper.exceptions.writing import added, with_until

AT = datetime(2026, 12, 1, 12, tzinfo=UTC)
VERSIONING = "S3_BUCKET_VERSIONING_ENABLED"
ENTRY = """
exceptions:
  - rule: s3-bucket-versioning-enabled
    account: 111122223333
    resource: ["scratch-*", exact]
    owner: data-team
    reason: rebuilt every night
    until: 2027-01-31
    approvedBy: ciso
"""


def of(text: str, at: datetime = AT) -> Exceptions:
    return read(text, at=at, frameworks=frameworks, names=["our-rule"])


def frameworks(name: str) -> list[str]:
    if name != "mine":
        raise ValueError(f'no framework is called "{name}"')
    return [VERSIONING, "RDS_STORAGE_ENCRYPTED"]


def violation(resource: str = "scratch-1", **changes: object) -> Subject:
    subject = Subject(VERSIONING, f"{VERSIONING}-dev", "111122223333", "eu-west-1", "AWS::S3::Bucket", resource)
    return subject._replace(**changes)  # type: ignore[arg-type]


def test_what_the_selectors_select_is_accepted() -> None:
    found = of(ENTRY)
    assert found.accepts(violation(), AT) is found.entries[0]
    assert found.accepts(violation("exact"), AT)
    assert found.accepts(violation("id", resource_name="scratch-2"), AT), "a name counts as an id does"
    for other in (
        violation("other"),
        violation("Exact"),
        violation(account="444455556666"),
        violation(identifier="RDS_STORAGE_ENCRYPTED", rule="rds"),
    ):
        assert found.accepts(other, AT) is None


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("2027-01-31", datetime(2027, 1, 31, 23, 59, 59, 999999, tzinfo=UTC)),
        ("2027-01-31T12:00:00+02:00", datetime(2027, 1, 31, 9, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_it_ends_exactly(text: str, last: datetime) -> None:
    found = of(ENTRY.replace("2027-01-31", text))
    assert found.accepts(violation(), last)
    assert found.accepts(violation(), last + timedelta(microseconds=1)) is None
    assert found.entries[0].state(last + timedelta(microseconds=1)) is State.EXPIRED


def test_it_begins_with_its_first_day_and_needs_approval() -> None:
    later = of(ENTRY + "    from: 2026-12-24\n")
    assert later.entries[0].state(AT) is State.FUTURE
    assert later.accepts(violation(), datetime(2026, 12, 24, tzinfo=UTC))
    pending = of(ENTRY.replace("    approvedBy: ciso\n", ""))
    assert pending.entries[0].state(AT) is State.PENDING
    assert pending.accepts(violation(), AT) is None


def test_a_tag_that_nobody_knows_accepts_nothing() -> None:
    found = of(ENTRY.replace('resource: ["scratch-*", exact]', "tag: {team: data, temporary: '*'}"))
    assert found.needs_tags
    assert found.accepts(violation(tags={"team": "data", "temporary": ""}), AT)
    assert found.accepts(violation(tags={"team": "data"}), AT) is None
    assert found.accepts(violation(tags=None), AT) is None


def test_a_framework_stands_for_its_rules() -> None:
    found = of(ENTRY.replace("rule: s3-bucket-versioning-enabled", "framework: mine"))
    assert found.accepts(violation(), AT)
    assert found.accepts(violation(identifier="RDS_STORAGE_ENCRYPTED"), AT)
    assert found.accepts(violation(identifier="S3_DEFAULT_ENCRYPTION_KMS", rule="x"), AT) is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("until: 2027-01-31", "until: 2027-01-31T10:00"), "has no time zone"),
        (("until: 2027-01-31", "until: 31.1.2027"), "is no day such as"),
        (("until: 2027-01-31", "until: 2029-01-31"), "more than 365 days ahead"),
        (("until: 2027-01-31", "until: 2027-01-31\n    from: 2027-02-01"), "until is not after from"),
        (("owner: data-team", "ownr: data-team"), 'exceptions.yaml:3: "ownr" is not a field. Did you mean owner?'),
        (("    owner: data-team\n", ""), "owner is missing"),
        (("rule: s3-bucket-versioning-enabled", "rule: S3_BUCKET_VERSIONING_ENABLD"), f"Did you mean {VERSIONING}?"),
        (("rule: s3-bucket-versioning-enabled", "framework: theirs"), 'no framework is called "theirs"'),
        (("rule: s3", "framework: mine\n    rule: s3"), "a rule and a framework"),
        (("account: 111122223333", "account: 11112222333"), "12 digits"),
        (("account: 111122223333", "region: eu-wst-1"), "Did you mean eu-west-1?"),
        (("account: 111122223333", "type: S3"), "is not a resource type"),
        (('account: 111122223333\n    resource: ["scratch-*", exact]', 'resource: "*"'), "matches every resource"),
        (('account: 111122223333\n    resource: ["scratch-*", exact]\n    ', ""), "it selects nothing"),
        (("reason: rebuilt every night", 'reason: ""'), "reason is empty"),
        (('["scratch-*", exact]', "{a: b}"), "resource is not a text"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(change: tuple[str, str], told: str) -> None:
    assert change[0] in ENTRY
    with pytest.raises(ExceptionsError) as raised:
        of(ENTRY.replace(*change))
    assert told in str(raised.value)
    assert "exceptions.yaml:3" in str(raised.value)


@pytest.mark.parametrize("text", ["", "- a", "exceptions: {a: b}", "exceptions: [", "exceptions: &a [*a]", "x: \x00"])
def test_what_is_no_such_file_is_refused(text: str) -> None:
    with pytest.raises(ExceptionsError):
        of(text)


def test_all_problems_are_told_at_once() -> None:
    twice = ENTRY.replace("owner: data-team", "until: 2020-01-01T00:00") + ENTRY.partition("exceptions:\n")[2]
    with pytest.raises(ExceptionsError):
        of(twice)
    wrong = ENTRY.replace("111122223333", "1").replace("2027-01-31", "tomorrow")
    with pytest.raises(ExceptionsError) as raised:
        of(wrong)
    assert len(raised.value.problems) == 2


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for whole in (text, f"exceptions:\n  - {text}", ENTRY + text):
        try:
            of(whole)
        except ExceptionsError as error:
            assert error.problems


def kinds(text: str, *violations: Subject, at: datetime = AT) -> list[str]:
    return [note.kind for note in check(of(text, AT), at, violations or None)]


def test_the_check_tells_what_to_change() -> None:
    assert kinds(ENTRY) == []
    assert kinds(ENTRY, violation("other")) == ["unused"]
    assert kinds(ENTRY, violation()) == []
    assert kinds(ENTRY, at=datetime(2027, 2, 1, tzinfo=UTC)) == ["expired"]
    assert kinds(ENTRY, at=datetime(2027, 1, 25, tzinfo=UTC)) == ["ends"]
    assert kinds(ENTRY.replace("scratch-*", "*")) == ["broad"]
    assert kinds(ENTRY.replace("    approvedBy: ciso\n", "")) == ["pending"]
    entry = ENTRY.partition("exceptions:\n")[2]
    assert kinds(ENTRY + entry.replace('"scratch-*", exact', "scratch-7")) == ["overlap"]
    assert kinds(ENTRY + entry.replace('"scratch-*", exact', "scratch-7").replace("01-31", "02-28")) == ["conflict"]
    assert kinds(ENTRY + entry.replace('"scratch-*", exact', "elsewhere")) == []


def test_a_thousand_exceptions_and_a_hundred_thousand_violations() -> None:
    entry = ENTRY.partition("exceptions:\n")[2]
    text = "exceptions:\n" + "".join(entry.replace("scratch-*", f"bucket-{number}-x") for number in range(1000))
    found = of(text)
    violations = [violation(f"bucket-{number % 5000}-x") for number in range(100_000)]
    began = time.process_time()
    accepted = sum(found.accepts(each, AT) is not None for each in violations)
    took = time.process_time() - began
    assert accepted == 20_000
    assert took < 10, "a second on an idle machine"


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(str.strip)


@settings(deadline=None)
@given(texts, texts, st.lists(texts, min_size=1, max_size=3))
def test_what_is_written_is_read_again(owner: str, reason: str, resources: list[str]) -> None:
    entry = {
        "rule": VERSIONING,
        "account": "012345678901",
        "resource": resources,
        "owner": owner,
        "reason": reason,
        "until": "2027-01-31",
    }
    for before in ("", ENTRY, ENTRY + "# a comment below\n", "maximumDays: 100\n" + ENTRY, "exceptions: []\n"):
        found = of(added(before, [entry, entry])).entries
        assert len(found) == (2 if "rule" not in before else 3)
        assert found[-1].resources == tuple(resources)
        assert found[-1].accounts == ("012345678901",)


def test_comments_stay_and_a_date_is_changed_alone() -> None:
    text = "# above\nexceptions:\n  # first\n" + ENTRY.partition("exceptions:\n")[2] + "# below\n"
    after = with_until(
        added(text, [{"rule": "our-rule", "account": "1" * 12, "owner": "a", "reason": "b", "until": "2026-12-31"}]),
        0,
        "2027-03-01",
    )
    assert after.replace("2027-03-01", "2027-01-31").startswith(text.removesuffix("# below\n"))
    assert after.endswith("# below\n")
    assert of(after).entries[0].until == datetime(2027, 3, 2, tzinfo=UTC)
    assert of(after).entries[1].rules == {"our-rule"}
