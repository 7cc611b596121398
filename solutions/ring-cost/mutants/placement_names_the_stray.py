"""The message has the first rank of each domain only."""  # loses: placement


def check_tp_placement(tp_groups, domain_of_rank):
    """Raise ValueError for a group whose ranks don't share one link domain."""
    for ranks in tp_groups:
        domains = {domain_of_rank[rank] for rank in ranks}
        if len(domains) > 1:
            firsts = {domain_of_rank[rank]: rank for rank in reversed(ranks)}
            raise ValueError(f"a group lies in several link domains: {firsts}")
