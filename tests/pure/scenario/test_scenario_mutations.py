"""Spoiled files of every kind are read or refused with a place, never a traceback, and nothing is written."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pure.scenario.mutations import KINDS, Mutation, mutated
from tests.pure.scenario.spoiling import SAMPLES, lay, outcome

MUTATIONS = st.lists(
    st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 2**16), st.integers(0, 2**16)), min_size=1, max_size=4
)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_sample_is_good(tmp_path: Path, name: str) -> None:
    sample = SAMPLES[name]
    assert outcome(lay(tmp_path, sample), sample, sample.files[sample.spoiled].encode()) == "read"


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(mutations=MUTATIONS)
def test_a_spoiled_file_is_read_or_refused_with_a_place(name: str, mutations: list[Mutation]) -> None:
    sample = SAMPLES[name]
    with tempfile.TemporaryDirectory() as folder:
        content = mutated(sample.files[sample.spoiled].encode(), mutations)
        assert outcome(lay(Path(folder), sample), sample, content) in ("read", "refused")


# What mutations have found, each of which once ended in a traceback, a false report, or minutes of work.
FOUND = {
    "an image of 5,000 letters": ("ctfcli", "image: .\n", f"image: {'x' * 5000}\n"),
    "a number of 400 digits": ("kypo-topology", "  - name: archive\n", f"  - name: {'9' * 400}\n"),
    "a variable without a value in what is left": ("compose-dotenv", "DB_PASSWORD=", "DB_PASSWORDS="),
    "a thousand services": ("compose", "services:\n", "services:\n" + "".join(f"  s{n}: &a\n" for n in range(1000))),
    "a key 5,100 times": ("kypo-training", '"title": ', '"order": 1,\n' * 5100 + '"title": '),
    "a reference that does not end in a name": ("scenario-compose", "services:\n  web:", "services:\n  we${na:"),
    "one network 600 times": ("scenario-compose", "networks:\n  front:", "networks:\n" + "".join(
        f"  n{n}: {{ipam: {{config: [{{subnet: 10.9.0.0/24}}]}}}}\n" for n in range(600)) + "  front:"),
}  # fmt: skip


@pytest.mark.parametrize("what", FOUND)
def test_what_mutations_have_found_is_read_or_refused(tmp_path: Path, what: str) -> None:
    name, good, bad = FOUND[what]
    sample = SAMPLES[name]
    content = sample.files[sample.spoiled]
    assert good in content
    assert outcome(lay(tmp_path, sample), sample, content.replace(good, bad, 1).encode()) in ("read", "refused")
