"""Hits with a known author: what people and machines do with one message, to measure the classification with.

Two parts. The rules were written with `written_from` at hand. `held_out` has other seeds and other behaviours, was
written after the rules and was never used to change them. `sequences.txt` holds sequences of both, written by hand.
"""
