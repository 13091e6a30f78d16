"""Figures: each program measures ours beside a floor or a peer and prints JSON on its last line."""
