"""The tests. Asserts of the helpers are shown in full as well, except here: PYTEST_DONT_REWRITE."""

import pytest

pytest.register_assert_rewrite("tests")
