"""Do virtual channels depend on themselves, through whatever others?"""


def cycle_from(start, inputs):
    """A way from ``start`` back to itself: [start, …, start], or [] when there is none.

    :param inputs: {channel: channels it is computed from}
    """
    stack, seen = [(start, [start])], set()
    while stack:
        node, way = stack.pop()
        for following in inputs.get(node, ()):
            if following == start:
                return [*way, start]
            if following not in seen:
                seen.add(following)
                stack.append((following, [*way, following]))
    return []
