(component
  (import "wasi:random/random@0.2.0" (instance $random (export "get-random-u64" (func (result u64)))))
  (core func $lowered (canon lower (func $random "get-random-u64")))
  (core module $m
    (import "r" "r" (func $r (result i64)))
    (func (export "run") (result i32) call $r i32.wrap_i64))
  (core instance $i (instantiate $m (with "r" (instance (export "r" (func $lowered))))))
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance $interface (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $interface)))
