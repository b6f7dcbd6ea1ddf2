import { ovs } from "kvmnet";

// QinQ needs two tags; a host with many short connections keeps idle flows longer.
new ovs.Settings("switch", { vlanLimit: 2, maxIdle: 30000 });
