// Reads a meter once with smartmeter-obis and prints {code: [value, unit]} as JSON.
// usage: node iec_peer.js FOLDER-OF-NODE-MODULES PORT
const [, , modules, port] = process.argv;
const peer = require(`${modules}/smartmeter-obis`);

const options = {
    protocol: "D0Protocol",
    transport: "SerialRequestResponseTransport",
    transportSerialPort: port,
    transportSerialBaudrate: 300,
    // A pseudo terminal has no parity.
    transportSerialDataBits: 8,
    transportSerialParity: "none",
    transportSerialMessageTimeout: 8000,
    requestInterval: 60,
};
const transport = peer.init(options, (error, results) => {
    if (error) {
        console.error(String(error));
        process.exit(1);
    }
    const found = {};
    for (const [code, result] of Object.entries(results)) {
        found[code] = result.getValues().map(({value, unit}) => [value, unit || ""]);
    }
    console.log(JSON.stringify(found));
    transport.stop(() => process.exit(0));
});
transport.process();
setTimeout(() => process.exit(2), 15000).unref();
