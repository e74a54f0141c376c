import Tensors
public func helloW() -> Int { hello() }
