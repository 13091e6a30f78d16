"""The quay's open network: the club's members and Bryggegjengen come from one and the same address."""
