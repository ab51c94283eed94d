"""What the kernel does for sandboxes: mounts, namespaces, cgroups, loop devices. Knows neither Docker nor
policy."""
