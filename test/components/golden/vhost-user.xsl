<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output omit-xml-declaration="yes"/>
  <xsl:template match="@*|node()">
    <xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy>
  </xsl:template>
  <xsl:template match="/domain">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      <memoryBacking><hugepages><page size="2048" unit="KiB"/></hugepages><source type="memfd"/><access mode="shared"/></memoryBacking>
      <qemu:override xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0"><qemu:device alias="ua-nic0"><qemu:frontend><qemu:property name="vectors" type="unsigned" value="0"/></qemu:frontend></qemu:device></qemu:override>
    </xsl:copy>
  </xsl:template>
  <xsl:template match="/domain/devices/graphics|/domain/devices/video|/domain/devices/channel[@type='spicevmc']"/>
  <xsl:template match="/domain/devices">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      <serial type="unix"><source mode="bind" path="/run/console.sock"/><log file="/run/console.log" append="off"/><target port="0"/></serial>
    </xsl:copy>
  </xsl:template>
  <xsl:template match="/domain/devices/interface[mac/@address='52:54:00:AB:CD:01']">
    <interface type="vhostuser">
      <mac address="52:54:00:AB:CD:01"/>
      <source type="unix" path="/run/vhu0.sock" mode="server"/>
      <model type="virtio"/>
      <driver queues="2" rx_queue_size="1024" tx_queue_size="1024"/>
      <alias name="ua-nic0"/>
    </interface>
  </xsl:template>
</xsl:stylesheet>
