"""Who is not heard: blocked identities, addresses and domains. What they send is spam, silently."""
