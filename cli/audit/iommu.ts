/** Whether a host's IOMMU is on: it is where devices are in its groups. */
import type { Resource } from "../../policies/inputs";
import { NotKnown } from "../../policies/known";
import { IOMMU } from "../../policies/rules/iommu";
import type { Place } from "../../provider/host/place";

export async function iommuOf(place: Place): Promise<Resource> {
    const { code, stdout, stderr } = await place.run(["ls", "/sys/kernel/iommu_groups"]);
    const groups =
        code === 0
            ? stdout.split("\n").filter((line) => /^\d+$/.test(line)).length
            : /No such file/.test(stderr)
              ? 0
              : new NotKnown("whether the host's IOMMU is on cannot be told");
    return { type: IOMMU, name: "iommu", props: { groups } };
}
