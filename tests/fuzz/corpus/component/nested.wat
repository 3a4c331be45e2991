(component
  (import "wasi:cli/environment@0.2.0" (instance $env (export "get-environment" (func (result (list (tuple string string)))))))
  (component $inner
    (import "e" (instance $e (export "get-environment" (func (result (list (tuple string string)))))))
    (export "f" (func $e "get-environment")))
  (instance $i (instantiate $inner (with "e" (instance $env))))
  (component $other (component (component (core module))))
  (alias export $i "f" (func $f))
  (export "g" (func $f)))
