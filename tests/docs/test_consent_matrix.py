"""The consent matrix in target-klaviyo's README is what loading it really sends."""

from __future__ import annotations

from docs import consent_matrix


def test_the_consent_matrix_is_what_is_really_sent() -> None:
    """Every pair of states is loaded over HTTP, and the requests are read back."""
    readme = consent_matrix.README.read_text(encoding="utf-8")
    assert consent_matrix.BEGIN in readme
    assert readme == consent_matrix.written(readme, consent_matrix.table()), "run make docs"
