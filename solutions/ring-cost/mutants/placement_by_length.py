"""Placement judged by the length of a group, not by its members."""  # loses: placement


def check_tp_placement(tp_groups, domain_of_rank):
    """Raise ValueError for a group whose ranks don't share one link domain."""
    for ranks in tp_groups:
        domains = {domain_of_rank[rank] for rank in ranks}
        everywhere = list(
            domain_of_rank.values() if isinstance(domain_of_rank, dict) else domain_of_rank
        )
        if len(ranks) > max(map(everywhere.count, everywhere)):
            raise ValueError(f"{ranks} lie in several link domains: {domains}")
