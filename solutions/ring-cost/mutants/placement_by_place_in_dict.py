"""The domains of a dict are taken in its order, not by rank."""  # loses: placement


def check_tp_placement(tp_groups, domain_of_rank):
    """Raise ValueError for a group whose ranks don't share one link domain."""
    for ranks in tp_groups:
        if isinstance(domain_of_rank, dict) and set(domain_of_rank) == set(
            range(len(domain_of_rank))
        ):
            domain_of_rank = list(domain_of_rank.values())
        domains = {domain_of_rank[rank] for rank in ranks}
        if len(domains) > 1:
            raise ValueError(f"{ranks} lie in several link domains: {domains}")
