"""What images take together: what they share counts once."""

from ncr.runtime.images import together_mib
from ncr.runtime.objects import SeenImage

BASE = SeenImage(100.0, ("a", "b"))


def test_one_that_others_are_built_on_counts_once():
    shop, bastion = SeenImage(130.0, ("a", "b", "c")), SeenImage(150.0, ("a", "b", "d", "e"))
    assert together_mib([BASE, shop, bastion]) == 100 + 30 + 50
    assert together_mib([shop, SeenImage(131.0, ("a", "b", "c", "f"))]) == 131
    assert together_mib([shop, shop]) == 130
    assert together_mib([]) == 0
