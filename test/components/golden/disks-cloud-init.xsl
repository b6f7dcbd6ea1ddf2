<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output omit-xml-declaration="yes"/>
  <xsl:template match="@*|node()">
    <xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy>
  </xsl:template>
  <xsl:template match="/domain/devices/disk[serial='cloudinit']/target">
    <target dev="sda" bus="scsi"/>
  </xsl:template>
  <xsl:template match="/domain/devices/disk[@device='cdrom']/target/@bus">
    <xsl:attribute name="bus">sata</xsl:attribute>
  </xsl:template>
  <xsl:template match="/domain/devices/graphics|/domain/devices/video|/domain/devices/channel[@type='spicevmc']"/>
  <xsl:template match="/domain/devices">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      <serial type="unix"><source mode="bind" path="/run/console.sock"/><log file="/run/console.log" append="off"/><target port="0"/></serial>
      <controller type="scsi" index="0" model="virtio-scsi"/>
    </xsl:copy>
  </xsl:template>
  <xsl:template match="/domain/devices/interface[mac/@address='52:54:00:AB:CD:01']">
    <interface type="ethernet">
      <mac address="52:54:00:AB:CD:01"/>
      <target dev="web-1-nic0" managed="no"/>
      <model type="virtio"/>
      <mtu size="1500"/>
      <driver name="qemu" queues="4" rx_queue_size="1024" tx_queue_size="256"/>
    </interface>
  </xsl:template>
</xsl:stylesheet>
