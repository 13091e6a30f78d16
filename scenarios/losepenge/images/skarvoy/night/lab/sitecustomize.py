"""Read by every Python program of the night before anything else: its clock, chance and network are the lab's."""

import os

if "LAB" in os.environ:
    import chance

    chance.install()

    import storyclock
    import wire

    storyclock.install()
    wire.install()
