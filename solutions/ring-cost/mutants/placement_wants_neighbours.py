"""Ranks of a group must follow each other."""  # loses: placement


def check_tp_placement(tp_groups, domain_of_rank):
    """Raise ValueError for a group whose ranks don't share one link domain."""
    for ranks in tp_groups:
        domains = {domain_of_rank[rank] for rank in ranks}
        if len(domains) > 1 or max(ranks) - min(ranks) >= len(ranks):
            raise ValueError(f"{ranks} lie in several link domains: {domains}")
