<?xml version="1.0"?>
<CHANNEL HREF="http://cdf.example/" BASE="http://cdf.example/">
  <TITLE>Channels</TITLE>
  <ITEM HREF="one.html" LASTMOD="1998-03-04T10:00">
    <TITLE>The web is pushed</TITLE><ABSTRACT>Active desktops everywhere.</ABSTRACT>
  </ITEM>
</CHANNEL>
