"""Only the first and the last rank of a group are looked at."""  # loses: placement


def check_tp_placement(tp_groups, domain_of_rank):
    """Raise ValueError for a group whose ranks don't share one link domain."""
    for ranks in tp_groups:
        domains = {domain_of_rank[rank] for rank in ranks}
        if domain_of_rank[ranks[0]] != domain_of_rank[ranks[-1]]:
            raise ValueError(f"{ranks} lie in several link domains: {domains}")
