#!/bin/sh
# mongod of this test cluster: a server of MongoDB's wire protocol that takes mongod's own options.
exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Xmx512m -cp '/opt/mongodev/classes:/opt/mongodev/lib/*' MongoDev "$@"
