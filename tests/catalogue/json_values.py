from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
"""Whatever JSON can hold."""

unhurried = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
