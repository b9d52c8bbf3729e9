"""The columns of each kind of import, with the headers people in Turkey and elsewhere give them.

The names of columns are the contract with what creates the records.
"""

from dataclasses import replace

from .column import choices, column
from .registers import index_column

MAX_MASTER_ROWS = 20_000
MAX_READING_ROWS = 50_000

COMMODITIES = choices(
    electricity="Elektrik|Electric|Electricity|Aktif",
    water="Su|Water|Soğuk su",
    gas="Gaz|Doğal gaz|Doğalgaz|Natural gas|Gas",
    heat="Isı|Kalorimetre|Heat|Sıcak su",
    cooling="Soğutma|Cooling",
)
ROLES = choices(
    main="Ana|Ana sayaç|Main",
    feeder="Fider|Dağıtım|Feeder",
    sub="Abone|Kiracı|Alt sayaç|Tenant|Sub",
    common="Ortak alan|Ortak|Common area|Common",
    generator="Jeneratör|Generator",
    production="Üretim|GES|Production",
    check="Kontrol|Kontrol sayacı|Check|Check meter",
)
METER_KINDS = choices(
    electromechanical="Elektromekanik|Electromechanical",
    electronic="Elektronik|Electronic",
    transformer="Elektronik, trafolu|Trafolu|Electronic, at transformers",
    mechanical="Mekanik (su)|Mekanik|Mechanical (water)",
    diaphragm="Diyafram|Diaphragm|Körüklü",
    rotary="Rotary|Rotari|Döner pistonlu",
    turbine="Türbin|Türbinli|Turbine",
    ultrasonic="Ultrasonik|Ultrasonic",
)

_COMMODITY = column(
    "commodity", "choice", "Tür|Enerji türü|Kaynak|Commodity|Energy", choices=COMMODITIES,
    example="Elektrik",
)  # fmt: skip
_SITE = column("site", "text", "Site|Saha|Tesis|Yerleşke|Site code|Saha kodu", example="")
_SERIAL = column(
    "serial", "code", "Sayaç no|Seri no|Sayaç seri no|Meter|Meter no|Serial|Serial number|"
    "Meter serial", longest=64, example="10203040",
)  # fmt: skip
_NAMED_POINT = column(
    "point", "code", "Nokta kodu|Nokta|Ölçüm noktası|Point|Point code|Metering point",
    longest=64, example="T01",
)  # fmt: skip
_OCCUPIED_FROM = column(
    "occupied_from", "date", "Abonelik başlangıcı|Başlangıç tarihi|Giriş tarihi|"
    "Kiralama başlangıcı|Occupied from|From|Move-in date", example="01.01.2026",
)  # fmt: skip
_RATIOS = (
    column("ct", "ratio", "Akım trafosu|AT|AT oranı|CT|CT ratio|Akım trafo oranı", low=0.001,
           high=100_000, units=("A",), example="150/5"),
    column("vt", "ratio", "Gerilim trafosu|GT|GT oranı|VT|VT ratio|Gerilim trafo oranı",
           low=0.001, high=1_000_000, units=("V",)),
    column("installed", "moment", "Takılma tarihi|Montaj tarihi|Sayaç takılma tarihi|Installed|"
           "Installation date", example="01.01.2026"),
)  # fmt: skip
_METER = (
    column("manufacturer", "text", "Marka|Üretici|Sayaç markası|Manufacturer|Brand",
           example="Köhler"),
    column("meter_model", "text", "Model|Sayaç modeli|Meter model"),
    column("digits", "integer", "Hane|Hane sayısı|Endeks hanesi|Digits|Index digits", low=0,
           high=15, example="6"),
    column("production_year", "integer", "Üretim yılı|İmal yılı|Production year|Year", low=1950,
           high=2100),
    column("calibration_date", "date", "Damga tarihi|Kalibrasyon tarihi|Calibration date|"
           "Last calibration"),
)  # fmt: skip
_SUBSCRIBER = (
    column("subscriber_number", "code", "Abone no|Müşteri no|Abone numarası|Müşteri numarası|"
           "Tesisat no|Customer number|Customer no|Subscriber no|Subscriber number|Number",
           longest=64),
    column("subscriber_name", "text", "Abone|Abone adı|Müşteri|Müşteri adı|Unvan|Ünvan|"
           "Ad soyad|Kiracı adı|Subscriber|Subscriber name|Customer|Tenant name",
           example="Örnek Gıda A.Ş."),
    column("subscriber_kind", "text", "Abone türü|Abone tipi|Kullanıcı tipi|Müşteri tipi|"
           "Subscriber kind|Subscriber type|User type|Kind"),
    column("tax_number", "tax_number", "VKN|TCKN|VKN / TCKN|Vergi no|Vergi numarası|"
           "Vergi kimlik no|TC kimlik no|Tax number|Tax ID|VAT", example="4561000012"),
    column("phone", "phone", "Telefon|Tel|GSM|Cep|Cep telefonu|Phone|Mobile",
           example="+90 232 555 00 00"),
    column("email", "email", "E-posta|Eposta|E-mail|Email|Mail"),
)  # fmt: skip

POINTS = (
    column("code", "code", "Nokta kodu|Kod|Ölçüm noktası|Ölçüm noktası kodu|Nokta|Point code|"
           "Point|Code|Metering point", required=True, longest=64, example="T01"),
    column("name", "text", "Nokta adı|Ad|Adı|Tanım|Açıklama|Ölçüm noktası adı|Point name|Name|"
           "Description", example="Atölye 1"),
    _SITE,
    _COMMODITY,
    column("role", "choice", "Görev|Rol|Nokta görevi|Nokta türü|Role", choices=ROLES,
           example="Abone"),
    column("parent", "code", "Beslendiği nokta|Üst nokta|Bağlı olduğu nokta|Ana nokta|Fed from|"
           "Parent|Parent point"),
    column("groups", "list", "Grup|Gruplar|Nokta grubu|Group|Groups|Point group"),
    column("contract_power_kw", "number", "Sözleşme gücü|Güç|Kurulu güç|Contract power|Power",
           low=0, high=10_000_000, decimals=3, units=("kW",), example="40"),
    column("area_m2", "number", "Alan|Metrekare|m2|Area", low=0, high=100_000_000, decimals=2,
           units=("m²", "m2"), example="120"),
    column("latitude", "number", "Enlem|Latitude|Lat", low=-90, high=90, decimals=7, units=("°",)),
    column("longitude", "number", "Boylam|Longitude|Lon|Lng", low=-180, high=180, decimals=7,
           units=("°",)),
    column("registers", "text", "Kanallar|Endeksler|OBIS|OBIS kodları|Registers|Channels|"
           "OBIS codes|Cihaz şablonu|Template|Device template", example="1.8.0, 5.8.0, 8.8.0"),
    _SERIAL,
    *_METER,
    *_RATIOS,
    column("opening_index", "number", "İlk endeks|Açılış endeksi|Takılma endeksi|Opening index|"
           "First index", low=0, high=10**15, decimals=6, units=("kWh", "m³", "m3")),
    *_SUBSCRIBER,
    _OCCUPIED_FROM,
)  # fmt: skip

METERS = (
    replace(_SERIAL, required=True),
    _SITE,
    _COMMODITY,
    column("flag", "code", "FLAG|FLAG kodu|FLAG code", longest=3),
    column("meter_kind", "choice", "Yapı|Sayaç türü|Sayaç tipi|Construction|Meter kind",
           choices=METER_KINDS),
    *_METER,
    column("decimals", "integer", "Ondalık|Endeks ondalığı|Decimals|Index decimals", low=0,
           high=9),
    _NAMED_POINT,
    *_RATIOS,
)  # fmt: skip

SUBSCRIBERS = (
    _SUBSCRIBER[0],
    column("subscriber_name", "text", "Abone|Abone adı|Müşteri|Müşteri adı|Unvan|Ünvan|Ad|"
           "Ad soyad|Subscriber|Subscriber name|Customer|Name", required=True,
           example="Örnek Gıda A.Ş."),
    _SITE,
    *_SUBSCRIBER[2:],
    column("fax", "phone", "Faks|Fax|Belgegeçer"),
    column("tags", "list", "Etiket|Etiketler|Grup|Gruplar|Tag|Tags"),
    column("street", "text", "Adres|Cadde|Sokak|Address|Street", example="Sanayi Cd. 12"),
    column("city", "text", "Şehir|İl|City"),
    column("parcel_sheet", "text", "Pafta|Map sheet|Sheet", longest=64),
    column("parcel_block", "text", "Ada|Parcel block", longest=64, example="1204"),
    column("parcel_no", "text", "Parsel|Parsel no|Parcel|Parcel no", longest=64, example="8"),
    column("building", "text", "Blok|Bina|Building|Block", longest=64),
    column("floor", "text", "Kat|Floor", longest=32),
    column("door", "text", "Kapı no|Kapı|Daire|Daire no|Bağımsız bölüm|Door|Door no|Flat",
           longest=32),
    column("start_date", "date", "Faaliyete başlama|Faaliyete başlama tarihi|Faaliyet başlangıcı|"
           "Activity start|Start date", example="01.01.2026"),
    column("authorised_name", "text", "Yetkili|Yetkili kişi|Yetkili adı|Authorised person|"
           "Contact|Contact person"),
    column("authorised_role", "text", "Yetkili görevi|Unvanı|Authorised role|Contact role"),
    column("authorised_phone", "phone", "Yetkili telefonu|Authorised phone|Contact phone"),
    column("authorised_email", "email", "Yetkili e-postası|Authorised e-mail|Contact e-mail"),
    column("iban", "iban", "IBAN"),
    _NAMED_POINT,
    _OCCUPIED_FROM,
)  # fmt: skip

READINGS = (
    column("channel", "code", "Kanal|Kanal anahtarı|Channel|Channel key"),
    _NAMED_POINT,
    replace(_SERIAL, example=""),
    column("obis", "code", "OBIS|OBIS kodu|Endeks türü|Register|OBIS code", longest=64,
           example="1.8.0"),
    column("moment", "moment", "Tarih|Okuma tarihi|Okuma zamanı|Tarih saat|Zaman|Date|Time stamp|"
           "Timestamp|Date and time|Reading date|Tarih ve saat", required=True,
           example="31.01.2026 24:00"),
    column("clock", "time", "Saat|Okuma saati|Time|Hour"),
    index_column("value", "Endeks|Değer|Okuma|Okunan endeks|Index|Value|Reading|Meter reading",
                 example="12345,678"),
)  # fmt: skip

KINDS = {
    "point": (POINTS, MAX_MASTER_ROWS),
    "subscriber": (SUBSCRIBERS, MAX_MASTER_ROWS),
    "meter": (METERS, MAX_MASTER_ROWS),
    "reading": (READINGS, MAX_READING_ROWS),
}
