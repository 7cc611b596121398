"""GPipe's stages share one list object; backwards in the order of the forwards."""


def gpipe_order(num_stages: int, num_microbatches: int) -> list[Order]:
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    return [[(kind, i) for kind in "FB" for i in range(m)]] * p
