from . import bench_reading
