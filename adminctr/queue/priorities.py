"""Who goes first where many tasks wait; what names neither stands between the two.

A task that is tried again goes behind the fresh ones of its own priority, and before those of the
next: between two of them is room for that.
"""

# Somebody waits for it at a page: a code, or the link without which they cannot go on.
SOMEBODY_WAITS = 50
# One of very many, which nobody has asked for just now.
ONE_OF_MANY = -50
