"""Only the last group is looked at."""  # loses: placement


def check_tp_placement(tp_groups, domain_of_rank):
    """Raise ValueError for a group whose ranks don't share one link domain."""
    for ranks in tp_groups[-1:]:
        domains = {domain_of_rank[rank] for rank in ranks}
        if len(domains) > 1:
            raise ValueError(f"{ranks} lie in several link domains: {domains}")
