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
