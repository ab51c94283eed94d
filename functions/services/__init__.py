"""Every write to the domain: keyword-only, an acting principal, one atomic block, an audit entry."""
